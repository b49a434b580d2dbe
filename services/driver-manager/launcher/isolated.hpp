// Isolated tasks: what an OCI runtime (crun) has to be told to start one, and to run something beside it.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/drivers/plan.hpp"

namespace drover::launcher {

// The plan that makes the shim start `plan` through its runtime (shim/protocol.h). Writes what the runtime reads to
// `dir`, the directory of the incarnation. Errors of other kinds than io are there to stay.
Result<drivers::LaunchPlan> isolate(const drivers::LaunchPlan& plan, const std::string& dir);

// The plan that runs the command of `plan` beside the main process of a task, started from `dir`, with the environment
// that the task got, and ends it when it is ended itself.
Result<drivers::LaunchPlan> run_inside(const drivers::LaunchPlan& plan, const std::string& dir);

}  // namespace drover::launcher
