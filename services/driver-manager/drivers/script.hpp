// Scripts: programs beside a task, in its place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

struct ScriptPlan {
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;  // the whole environment
};

// References in command and arguments are replaced as in the task's own; the command is looked for as the task's, but
// for one that runs in an image, which only its daemon can look into. not_found says where it was looked for.
Result<ScriptPlan> plan_script(const wire::Script& script, const wire::TaskSpec& task, const TaskContext& context);

}  // namespace drover::drivers
