// Nodes: ready while they are heard of, down after a silence.
#pragma once

#include <map>
#include <string>

#include "base/time.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

inline constexpr Duration kNodeSilence = seconds(15);

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
