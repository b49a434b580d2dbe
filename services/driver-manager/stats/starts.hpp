// Starts: how long starts of tasks took, for metrics. Pure.
#pragma once

#include <map>
#include <string>

#include "driver-manager/core/inventory.hpp"
#include "metrics/page.hpp"

namespace drover::stats {

class Starts {
   public:
    // Its setup begins.
    void begun(const driver_manager::TaskKey& key, std::uint64_t seq, Instant now);
    // Every change of a start's state.
    void heard(const driver_manager::TaskKey& key, const wire::IncarnationObserved& state, Instant now);

    void measure(metrics::Page& page) const;

   private:
    struct Begun {
        std::uint64_t seq;
        Instant at;
    };
    std::map<driver_manager::TaskKey, Begun> begun_;       // and neither running nor over
    std::map<std::string, metrics::Histogram> took_ = {};  // by step
};

}  // namespace drover::stats
