// Which alloc stands for which place of a job. The state-store, the alloc-runner and the gateway have to agree on this.
#pragma once

#include "wire/desired.hpp"
#include "wire/status.hpp"

namespace drover::wire {

// The group that has a place for this index; null when the job has none, stopped or not.
const GroupSpec* find_place(const JobSpec& job, const std::string& group, std::uint32_t index);

// The part of the job's payload that reaches the tasks of the group: all of it, or nothing when none takes it.
std::string payload_for(const JobSpec& job, const GroupSpec& group);

// Is what the group does the same in both? Not its count nor max_parallel: no alloc need be replaced for them.
bool same_work(const JobSpec& before, const JobSpec& after, const std::string& group);

// Does the alloc do what its place in the job asks for?
bool fits(const JobSpec& job, const AllocDesired& alloc);

// Has the work in this place been done, by an alloc that was removed since?
bool is_finished(const JobDesired& job, const std::string& group, std::uint32_t index);

// Nothing of the alloc runs or will.
bool has_ended(const AllocStatus& status);

// An alloc of a batch job that has done its work: its leader, or every main task, has ended by itself and well.
bool has_completed(const AllocDesired& alloc, const AllocStatus& status);

// How AllocDesired::reason begins when the alloc should stop because its node drains.
inline constexpr std::string_view kNodeDrains = "node drains";

// It should stop only because its node drains, and has done its work all the same: that is not done again.
bool completed_in_drain(const AllocDesired& alloc, const AllocStatus& status);

}  // namespace drover::wire
