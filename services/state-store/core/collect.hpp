// Collecting: which allocs that have ended are removed, and why. An alloc of which something runs or will run never is;
// and nothing that was done is done again for it: the job remembers the place of what it removed (JobDesired::completed
// and ::failed), and of a place that is to get another alloc the newest one stays until it has. What is left of an
// alloc is a CollectedAlloc and, up to their own retention, its events.
#pragma once

#include "state-store/core/census.hpp"
#include "state-store/core/view.hpp"

namespace drover::store {

struct CollectRules {
    Duration interval = minutes(1);
    Duration max_age = hours(24);             // since the end
    Duration failed_max_age = hours(24 * 7);  // of those that failed
    std::uint64_t max_allocs = 1000;          // that have ended
    std::uint64_t node_max_allocs = 50;       // likewise, of one node
    double disk_percent = 85;                 // of the file system where a node's tasks live
    double inode_percent = 90;
    std::size_t at_once = 50;        // removals of one commit
    std::size_t pressure_step = 10;  // of one node in a round: its next report tells whether it was enough
    std::uint64_t max_records = 1000;
    Duration record_max_age = hours(24 * 30);
};

struct Removal {
    std::string alloc;
    std::string why;  // a sentence
};

// What is due, in the order in which it goes: those that failed after the others, the oldest end first.
std::vector<Removal> due(const Census& census, const CollectRules& rules, Instant now);

// Removes the first `limit` of them that may go by what is recorded. Returns what is kept of each. The draft must hold
// nothing else: the order of its changes is what keeps the work of a removed alloc from being done again.
std::vector<wire::CollectedAlloc> collect(Draft& draft, const std::vector<Removal>& removals, std::size_t limit,
                                          Instant now);

// Removes the jobs of which nothing should be kept once nothing of them runs, in steps of `limit` allocs. Returns the
// names of those that are gone.
std::vector<std::string> purge(Draft& draft, const Census& census, std::size_t limit, Instant now);

// Records of removed allocs that are too many or too old.
std::vector<std::string> expired_records(const Census& census, const CollectRules& rules, Instant now);

}  // namespace drover::store
