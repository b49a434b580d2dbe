// Where a command is.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

// An absolute path is taken as it is; any other command is looked for in the task's local/, in the task's directory,
// and, when it is a bare name, along `path` (as PATH is written). not_found says where it was looked for.
Result<std::string> find_command(const std::string& command, const TaskDirs& dirs, std::string_view path,
                                 const std::function<bool(const std::string&)>& is_executable);

}  // namespace drover::drivers
