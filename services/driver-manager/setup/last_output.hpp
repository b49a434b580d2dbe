// The last words of a process, for people who ask why it failed.
#pragma once

#include <string>
#include <string_view>

namespace drover::setup {

// At most the last 20 lines and 4 KiB, whole lines where possible, as valid UTF-8: those of standard error, and before
// them those of standard output when there is room.
std::string last_output(std::string_view standard_output, std::string_view standard_error);

}  // namespace drover::setup
