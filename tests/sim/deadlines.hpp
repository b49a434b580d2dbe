// How long a task may be on its way from one state to the next, by what is recorded of it.
#pragma once

#include <map>
#include <string>

#include "history.hpp"
#include "store.hpp"

namespace drover::sim {

class Deadlines {
   public:
    void hear(const wire::AllocStatus& status, Instant now);
    void forget(const std::string& alloc);

    // A task that should have moved on by now; empty: none. What happened before `since` counts from then.
    std::string late(const Store& store, Instant since, Instant now) const;

   private:
    struct Stay {
        wire::TaskPhase phase = wire::TaskPhase::pending;
        wire::StopStage stage = wire::StopStage::none;
        std::uint64_t seq = 0;
        std::string why;
        Instant since;
    };

    std::map<TaskKey, Stay> stays_;
};

}  // namespace drover::sim
