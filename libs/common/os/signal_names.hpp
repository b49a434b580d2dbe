// Signals by name.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::os {

// "SIGHUP" or "HUP"; empty: SIGINT.
Result<int> signal_number(const std::string& name);

// "SIGHUP"; the number itself of one that has no name.
std::string signal_name(int number);

}  // namespace drover::os
