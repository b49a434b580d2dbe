// mock: a task that does what its config says, for trying out policies and for tests. Realised by drover-mock-task.
//
//   start_error              this sentence instead of a start
//   start_error_recoverable  true: trying again may help
//   start_block_for          duration before the task starts
//   run_for                  duration; 0: ends at once
//   exit_code                0..255, after run_for
//   exit_signal              a signal's number: ends by it instead
//   exit_err_msg             this sentence with the exit, which makes it a failure
//   kill_after               duration between being asked to end and the end
//   ignores_term             true: only SIGKILL ends it early
//   signal_error             this sentence instead of any signal that is ordered
//   plugin_exit_after        duration after which the driver, not the task, breaks and is dispensed anew
//   crash                    true: kills its supervisor after run_for, so that its end is not seen
//   stdout_string            printed at the start
//   stdout_repeat            printed so many times more
//   stdout_repeat_duration   duration between them
//   stderr_...               the same three for standard error
//   exec_command             a block that any command which users run beside the task plays in the place of itself:
//                            run_for, exit_code, exit_signal, kill_after, ignores_term, stdout_... and stderr_...
//
// The driver itself, on a node with mock_shutdown_periodic_after, is unhealthy each time that this has passed, for
// mock_shutdown_periodic_duration.
#pragma once

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

wire::DriverInfo mock_fingerprint(const HostFacts& host);
std::vector<ConfigProblem> mock_check(const wire::TaskSpec& spec);
Result<LaunchPlan> mock_plan(const wire::TaskSpec& spec, const TaskContext& context);

Result<void> mock_may_signal(const wire::TaskSpec& spec);

}  // namespace drover::drivers
