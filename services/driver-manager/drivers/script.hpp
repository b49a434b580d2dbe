// Scripts: programs beside a task, with its user, environment and directory.
#pragma once

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

// `task` is the plan of the task itself. References in command and arguments are replaced as in the task's own; the
// command is looked for as the task's. not_found says where it was looked for.
Result<LaunchPlan> plan_script(const wire::Script& script, const LaunchPlan& task, const TaskContext& context);

}  // namespace drover::drivers
