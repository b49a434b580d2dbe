// Nodes: ready while they are heard of, down after a silence.
#pragma once

#include <map>
#include <string>

#include "base/time.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

inline constexpr Duration kNodeSilence = seconds(15);
inline constexpr std::size_t kNodeEvents = 10;  // of a node that are kept

// What users ask of a node. `order.drain`: it gets no new allocs and those it has go, `deadline` from `now` (0: never)
// at the latest. Otherwise the drain ends, and the node is eligible for new allocs as `order` says. not_found: no such
// node; refused: a node that is being drained does not become eligible.
Result<void> order_node(Draft& draft, const wire::NodeOrder& order, Duration deadline, Instant now);

class Nodes {
   public:
    // A node of the record. Silence counts from now on: while the store was away it could not hear.
    void known(const std::string& id, Instant now) { heard_[id] = now; }

    // A statement of the node about itself; it makes the node ready.
    Result<void> observed(Draft& draft, const wire::NodeObserved& node, Instant now);

    // Any sign of life. True: the node was taken for silent, so settle() should follow.
    bool heard(const std::string& id, Instant now);

    // Records which nodes are ready and which are down.
    Result<void> settle(Draft& draft, Instant now);

   private:
    std::map<std::string, Instant> heard_;
};

}  // namespace drover::store
