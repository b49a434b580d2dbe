// Isolated tasks: what an OCI runtime (crun) has to be told to start one.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/drivers/plan.hpp"

namespace drover::launcher {

// The plan that makes the shim start `plan` through its runtime (shim/protocol.h). Writes what the runtime reads to
// `dir`, the directory of the incarnation. Errors of other kinds than io are there to stay.
Result<drivers::LaunchPlan> isolate(const drivers::LaunchPlan& plan, const std::string& dir);

}  // namespace drover::launcher
