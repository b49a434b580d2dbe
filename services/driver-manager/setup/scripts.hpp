// Scripts: runs programs beside a task, as wire::Script says.
#pragma once

#include <functional>
#include <string>

#include "driver-manager/drivers/script.hpp"
#include "driver-manager/setup/children.hpp"

namespace drover::setup {

// Where a script runs.
struct Beside {
    std::string program;  // path of drover-session, which knows how to get there; empty: not installed
    std::string dir;      // of the incarnation of the task
};

// Runs the script in the task's place: its user, directory, control groups and namespaces, or its container. Its output
// is discarded, and all of it is killed at `limit`. `done` is called once, in a later round, with what went wrong as a
// sentence; not at all when the returned child is killed before.
Result<Children::Id> run_script(Children& children, const drivers::ScriptPlan& plan, const Beside& beside,
                                Duration limit, std::function<void(const Result<void>&)> done);

}  // namespace drover::setup
