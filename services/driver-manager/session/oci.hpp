// What an OCI runtime is told to start something beside an isolated task.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace drover::session {

// A process like the task's own, made from the configuration that the task was started with: its user and groups,
// environment, directory and capabilities, with other words, on a terminal when `tty_type` is not empty. It is found
// along the task's PATH, and ends when its parent does.
Result<std::string> oci_process(std::string_view config, const std::vector<std::string>& words,
                                const std::string& tty_type);

}  // namespace drover::session
