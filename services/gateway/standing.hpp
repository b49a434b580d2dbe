// Standing: what a job has become of, concluded from its desired state, its allocs and the nodes. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/mirror.hpp"
#include "wire/room.hpp"

namespace drover::gateway {

// "pending", "running", "complete", "failed", "stopping" or "stopped".
struct Standing {
    std::string status;
    std::string why;  // of "pending": what the job waits for, as a sentence; of "failed": what failed
};

// Allocs of one group by status; `lost` ones are not wanted any more.
struct GroupCount {
    std::uint32_t want = 0, pending = 0, running = 0, complete = 0, failed = 0;
};

// Does the alloc stand for the job as it is now? An alloc of an older version does when its group has not changed.
bool is_current(const wire::JobDesired& job, const wire::AllocDesired& alloc);

// Places whose alloc was removed after its end count as what it ended as.
std::map<std::string, GroupCount> count_groups(const wire::JobDesired& job, const std::vector<AllocEntry>& allocs);

struct NodeEntry {
    Shared<wire::NodeStatus> status;
    Shared<wire::NodeOrder> order;  // null until somebody asked for something
    wire::Use use{};                // of all jobs
};
std::vector<NodeEntry> node_entries(const Mirror& mirror);
// May it get new allocs?
bool is_eligible(const NodeEntry& node);

Standing standing(const wire::JobDesired& job, const std::vector<AllocEntry>& allocs,
                  const std::vector<NodeEntry>& nodes, bool has_runner);

// The client status as a word; "pending" while nothing was reported.
std::string status_word(const AllocEntry& entry);
bool is_terminal(const AllocEntry& entry);

}  // namespace drover::gateway
