// Scripts: runs programs beside a task, as wire::Script says.
#pragma once

#include <functional>

#include "driver-manager/drivers/plan.hpp"
#include "driver-manager/setup/children.hpp"
#include "wire/job.hpp"

namespace drover::setup {

// What becomes a child's process from a plan (drivers/script.hpp): argv, environment, user and directory. Errors: there
// is no such user, or it cannot be taken on.
Result<os::SpawnOptions> spawn_options(const drivers::LaunchPlan& plan);

// Runs the script in a process group of its own that is killed at `limit`; its output is discarded. One of an isolated
// task runs inside it; `dir` is the directory of the task's incarnation. `done` is called once, in a later round, with
// what went wrong as a sentence; not at all when the returned child is killed before.
Result<Children::Id> run_script(Children& children, const drivers::LaunchPlan& plan, const std::string& dir,
                                Duration limit, std::function<void(const Result<void>&)> done);

}  // namespace drover::setup
