// So that a task's whole observation stays small enough for one message.
#pragma once

#include <string>

#include "wire/observed.hpp"

namespace drover::driver_manager {

// To 400 bytes at most, between characters.
void clip(std::string& sentence);
// Its sentences, and output that is longer than anybody keeps.
void clip(wire::IncarnationObserved& seen);

}  // namespace drover::driver_manager
