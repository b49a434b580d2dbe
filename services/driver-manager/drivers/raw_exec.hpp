// raw_exec: a command of the node's own, without isolation.
//
//   command   required; an absolute path, a file of the task's directory, or a name to find along PATH
//   args      list of strings
//   work_dir  absolute; the task's directory when absent
#pragma once

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

wire::DriverInfo raw_exec_fingerprint(const HostFacts& host);
std::vector<ConfigProblem> raw_exec_check(const wire::TaskSpec& spec);
Result<LaunchPlan> raw_exec_plan(const wire::TaskSpec& spec, const TaskContext& context);

}  // namespace drover::drivers
