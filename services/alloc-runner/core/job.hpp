// The job core: which allocs a job should have, as a pure function of what the user wants and what exists.
//
// A slot is a (group, index) of the job. Its alloc stays as long as the spec of its group stays, whatever version the
// job has; an alloc that has ended, well or badly, or was stopped by a user, keeps its slot and is not run again, and
// so does one that was removed since (JobDesired::completed, ::failed). A slot that changes is emptied first: its new
// alloc waits until the old one has ended. A node that drains loses its allocs in the same way, those of batch jobs at
// the deadline; but one that has completed although it should stop keeps its slot. What a node has that has been down
// for too long is lost: as soon as another node fits, its slots get new allocs, which do not wait for the old ones;
// those are stopped where they still run when the node comes back. Without another node they stay.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "alloc-runner/core/placement.hpp"
#include "base/edges.hpp"
#include "wire/desired.hpp"
#include "wire/status.hpp"

namespace drover::alloc_runner {

enum class Slot {
    empty,     // nothing is there and nothing is wanted, or not yet looked at
    waiting,   // an alloc is wanted, no node fits
    taken,     // has the alloc it should have
    stopping,  // has an alloc that it should not have any more
};

inline constexpr Edge<Slot> kSlotEdges[] = {
    {Slot::empty, Slot::waiting, "wanted, no node fits"},
    {Slot::empty, Slot::taken, "placed, or found placed"},
    {Slot::empty, Slot::stopping, "found with an alloc that has to go"},
    {Slot::waiting, Slot::taken, "a node fits"},
    {Slot::waiting, Slot::empty, "not wanted any more"},
    {Slot::waiting, Slot::stopping, "an alloc that was proposed long ago was recorded after all"},
    {Slot::taken, Slot::stopping, "stopped, removed or changed, or its node drains"},
    {Slot::taken, Slot::empty, "not wanted any more, and its alloc has ended"},
    {Slot::taken, Slot::waiting, "changed, its alloc has ended, no node fits"},
    {Slot::stopping, Slot::empty, "its alloc has ended"},
    {Slot::stopping, Slot::waiting, "its alloc has ended, no node fits for the next"},
    {Slot::stopping, Slot::taken, "its alloc has ended or is lost, the next one is placed"},
};

using SlotKey = std::pair<std::string, std::uint32_t>;  // group, index

// What the job core remembers of one job: only what it said last, for the log and for whoever asks why.
struct Job {
    std::map<SlotKey, Slot> slots;
    std::map<std::string, std::string> why;  // group -> what its missing allocs wait for
};

struct AllocView {
    const wire::AllocDesired* desired = nullptr;
    const wire::AllocStatus* status = nullptr;  // null before the store has one
    bool user_stopped = false;
};

struct JobRules {
    std::uint64_t term = 0;
    EdgeCounts* edges = nullptr;
    Duration lost_after = minutes(1);  // since its node is down
    std::string hold = {};             // why nothing may be placed now; empty: it may
    Instant complete_since = {};       // as in Members
};

struct JobDecision {
    std::vector<wire::AllocDesired> proposals;  // new allocs, and existing ones that should stop
    std::vector<SlotKey> moved;                 // slots in another state than before
    bool why_changed = false;
};

// `allocs`: all of this job. `nodes` has what the placed allocs of all jobs use; those placed here are counted in.
JobDecision step(Job& job, const JobRules& rules, Instant now, const wire::JobDesired& desired,
                 const std::vector<AllocView>& allocs, Nodes& nodes);

// The same for the same place in the same version of a job behind the same alloc ("" for none), in every process; no
// two allocs of a place are behind the same one. `complete_since` as in Members: an older job may have had allocs that
// nobody remembers, whose ids must not be given again.
std::string alloc_id(const wire::JobDesired& job, const std::string& group, std::uint32_t index,
                     const std::string& behind, Instant complete_since);

// Nothing of the alloc runs or will: every task is dead.
bool has_ended(const AllocView& alloc);

}  // namespace drover::alloc_runner
