// Meter: usage of one incarnation of a task from looks at all processes. Pure.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "driver-manager/core/inventory.hpp"
#include "driver-manager/stats/tree.hpp"
#include "wire/usage.hpp"

namespace drover::stats {

struct RunningTask {
    driver_manager::TaskKey key;
    std::string job;
    std::uint64_t seq = 0;
    pid_t pid = 0;  // its first process, the child of its shim
};

// A sample that says whose it is, and nothing yet of what was used.
wire::TaskUsage sample_of(const RunningTask& task, Instant now);

class Meter {
   public:
    // Nothing when the task's processes are not in sight.
    std::optional<wire::TaskUsage> measure(Instant now, const Tree& tree, const RunningTask& task);

    // Between the last two measurements none of its processes ran, nor began, nor ended.
    bool rested() const { return rested_; }

    // Its processes when it was measured last.
    void append_processes(std::unordered_set<pid_t>& out) const;

   private:
    struct Io {
        std::uint64_t start_time = 0;  // with the pid it names a process
        std::uint64_t read = 0;
        std::uint64_t written = 0;
        std::uint64_t look = 0;  // in which it was seen
    };

    void add_io(const Procs& procs);

    Instant at_;
    Duration cpu_time_;
    std::uint64_t peak_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t looks_ = 0;
    bool rested_ = false;
    std::unordered_map<pid_t, Io> io_;
};

}  // namespace drover::stats
