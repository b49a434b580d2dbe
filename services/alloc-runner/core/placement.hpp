// Placement: on which node a new alloc should run.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "wire/desired.hpp"
#include "wire/observed.hpp"

namespace drover::alloc_runner {

struct Candidate {
    wire::NodeStatus status;
    std::size_t allocs = 0;  // that are on it and have not ended
    std::optional<wire::NodeOrder> order = std::nullopt;
};
using Nodes = std::map<std::string, Candidate>;  // by node id

// A ready and eligible node that meets the group's constraints and on which every driver of it is detected and healthy:
// the one with the fewest allocs, equal ones by a hash with `alloc`, so that the same question has the same answer. The
// error says what every node lacks.
Result<std::string> place(const std::string& alloc, const wire::GroupSpec& group, const Nodes& nodes);

}  // namespace drover::alloc_runner
