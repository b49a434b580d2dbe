// Meter: usage of tasks from looks at all processes. Pure. One look serves every task of the node, so the cost grows
// with the processes, not with tasks times processes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "driver-manager/core/inventory.hpp"
#include "os/proc.hpp"
#include "wire/usage.hpp"

namespace drover::stats {

struct RunningTask {
    driver_manager::TaskKey key;
    std::string job;
    std::uint64_t seq = 0;
    pid_t pid = 0;  // its first process, the child of its shim; 0: it is not measured by its processes
    bool due = true;
    std::uint64_t cache = 0;
    std::uint64_t log_bytes = 0;
    std::uint64_t dropped_bytes = 0;
};

class Meter {
   public:
    // Of the tasks that are due and whose processes are in sight. A task that is not among `tasks` is forgotten.
    std::vector<wire::TaskUsage> measure(Instant now, const std::vector<os::ProcStat>& procs,
                                         const std::vector<RunningTask>& tasks);

    // The processes of all tasks, when each was measured last; and of those of `tasks` that are due.
    std::unordered_set<pid_t> processes() const;
    std::unordered_set<pid_t> processes(const std::vector<RunningTask>& tasks) const;

   private:
    struct Io {
        std::uint64_t start_time = 0;  // with the pid it names a process
        std::uint64_t read = 0;
        std::uint64_t written = 0;
        std::uint64_t round = 0;  // in which it was seen
    };
    struct Before {
        std::uint64_t seq = 0;
        Instant at;
        Duration cpu_time;
        std::uint64_t peak = 0;
        std::uint64_t read = 0;
        std::uint64_t written = 0;
        std::unordered_map<pid_t, Io> io;  // of its processes
        std::uint64_t round = 0;           // in which it was among the tasks
    };

    static void add_io(const std::vector<const os::ProcStat*>& procs, Before& before);

    std::map<driver_manager::TaskKey, Before> before_;
    std::uint64_t round_ = 0;
};

}  // namespace drover::stats
