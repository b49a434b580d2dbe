// What an OCI runtime is told to start something beside an isolated task.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "driver-manager/session/command.hpp"

namespace drover::session {

// A process like the task's own, made from the configuration that the task was started with: its user and groups,
// environment, directory and capabilities, with what is wanted in their place. It is found along its PATH, and ends
// when its parent does.
Result<std::string> oci_process(std::string_view config, const Wanted& wanted);

}  // namespace drover::session
