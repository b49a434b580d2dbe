// The order within an alloc: which task may start, which has to wait, and which ends before which. Pure functions of
// what the group says and how its tasks stand, so that an alloc-runner that begins anew finds the same gates open.
#pragma once

#include <string>
#include <vector>

#include "wire/job.hpp"
#include "wire/status.hpp"

namespace drover::alloc_runner::lifecycle {

inline bool is_poststop(const wire::TaskSpec& spec) { return spec.lifecycle.hook == wire::Hook::poststop; }

// What has to happen before task `i` may start, as in "waits for ..."; empty: nothing. `tasks` as `group.tasks`.
std::string waits_for(const wire::GroupSpec& group, const std::vector<wire::TaskStatus>& tasks, std::size_t i);

// Why what task `i` waits for will never come; empty while there is hope.
std::string lost_hope(const wire::GroupSpec& group, const std::vector<wire::TaskStatus>& tasks, std::size_t i);

// Task `i` is to end, but others that are to end too have to go first: the leader before all, sidecars after all, and
// among equals whoever depends on a task before it.
bool held(const wire::GroupSpec& group, const std::vector<wire::TaskStatus>& tasks, std::size_t i);

}  // namespace drover::alloc_runner::lifecycle
