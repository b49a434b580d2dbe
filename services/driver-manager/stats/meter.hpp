// Meter: usage of tasks from looks at all processes. Pure. One look serves every task of the node, so the cost grows
// with the processes, not with tasks times processes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver-manager/core/inventory.hpp"
#include "os/proc.hpp"
#include "wire/usage.hpp"

namespace drover::stats {

struct RunningTask {
    driver_manager::TaskKey key;
    std::string job;
    std::uint64_t seq = 0;
    pid_t pid = 0;  // its first process, the child of its shim
};

class Meter {
   public:
    // Of the tasks whose processes are in sight. A task that is not among `tasks` is forgotten.
    std::vector<wire::TaskUsage> measure(Instant now, const std::vector<os::ProcStat>& procs,
                                         const std::vector<RunningTask>& tasks);

   private:
    struct Before {
        std::uint64_t seq = 0;
        Instant at;
        Duration cpu_time;
        std::uint64_t peak = 0;
    };

    std::map<driver_manager::TaskKey, Before> before_;
};

}  // namespace drover::stats
