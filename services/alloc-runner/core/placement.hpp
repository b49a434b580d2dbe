// Placement: on which node a new alloc should run.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "wire/desired.hpp"
#include "wire/observed.hpp"
#include "wire/room.hpp"

namespace drover::alloc_runner {

struct Candidate {
    wire::NodeStatus status;
    wire::Use use;
    std::optional<wire::NodeOrder> order = std::nullopt;
};
using Nodes = std::map<std::string, Candidate>;  // by node id

// A ready and eligible node that meets the group's constraints, on which every driver of it is detected and healthy,
// and which has room: the one with the fewest allocs, equal ones by a hash with `alloc`, so that the same question has
// the same answer. The error says what every node lacks. The node itself has the last word about the room.
Result<std::string> place(const std::string& alloc, const wire::GroupSpec& group, const Nodes& nodes);

}  // namespace drover::alloc_runner
