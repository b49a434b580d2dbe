// Tolls: what tasks have used, added up by what users named, for metrics. Pure. Counts from when this process first saw
// a task: what a task had used before is in the counters of the driver-manager before.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "driver-manager/core/inventory.hpp"
#include "metrics/page.hpp"
#include "wire/usage.hpp"

namespace drover::stats {

struct KnownTask {
    std::string job;
    std::string group;
    bool adopted = false;  // it ran before this process did
};

class Tolls {
   public:
    // One look at all tasks of the node. Names that nothing among `known` has are forgotten.
    void take(const std::map<driver_manager::TaskKey, KnownTask>& known, const std::vector<wire::TaskUsage>& usages);

    void measure(metrics::Page& page) const;

   private:
    using Name = std::tuple<std::string, std::string, std::string>;  // job, group, task
    struct Sum {
        Duration cpu_time;
        std::uint64_t log_bytes = 0;
        std::uint64_t dropped_bytes = 0;
        std::uint64_t memory = 0;  // now
    };
    static void add(const wire::TaskUsage& usage, const wire::TaskUsage& before, Sum& sum);

    std::map<Name, Sum> sums_;
    std::map<driver_manager::TaskKey, wire::TaskUsage> before_;
    std::map<driver_manager::TaskKey, Name> running_;
};

}  // namespace drover::stats
