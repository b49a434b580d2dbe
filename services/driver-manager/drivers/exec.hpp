// exec: a command of the node's own in an isolated place, whose / is the task's directory, read-only, with the node's
// programs and libraries bound in and /alloc, /local, /secrets and /tmp to write to.
//
//   command   required; a path inside, a file of the task's directory, or a name to find along PATH
//   args      list of strings
//   work_dir  absolute, inside; /local when absent
//   cap_add   list of capabilities beyond the default ones, which the node has to allow
//   cap_drop  list of capabilities that the task shall not have
//   network   "host" or "none"
//   pids_limit  how many processes and threads it may have at a time; 0 or absent: unlimited
#pragma once

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

wire::DriverInfo exec_fingerprint(const HostFacts& host);
std::vector<ConfigProblem> exec_check(const wire::TaskSpec& spec);
Result<LaunchPlan> exec_plan(const wire::TaskSpec& spec, const TaskContext& context);

// Where the node has what such a task sees at `path`, which is absolute. `dirs` are the task's on the node.
std::string exec_on_node(const std::string& path, const TaskDirs& dirs, const std::vector<std::string>& host_dirs);

// The context with paths as such a task sees them.
TaskContext exec_inside(const TaskContext& context);

}  // namespace drover::drivers
