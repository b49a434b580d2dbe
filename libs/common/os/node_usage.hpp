// What the machine as a whole is busy with.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"

namespace drover::os {

struct NodeUse {
    Duration cpu_time;       // of all processors since it started
    std::uint32_t cpus = 0;  // that are online
    std::uint64_t memory_total = 0;
    std::uint64_t memory = 0;      // in use: all but what a new program could have
    std::uint64_t cache = 0;       // files kept in memory
    std::uint64_t read_bytes = 0;  // of all disks since it started
    std::uint64_t written_bytes = 0;
};

// What /proc does not tell is 0.
NodeUse look_at_node();

// Each adds what its text tells: of /proc/stat, of /proc/meminfo, and a line of /proc/diskstats.
void add_cpu(std::string_view text, NodeUse& out);
void add_memory(std::string_view text, NodeUse& out);
void add_disk(std::string_view line, NodeUse& out);

}  // namespace drover::os
