// The memory control group that a process is in, whoever made it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "os/mounts.hpp"

namespace drover::os {

// The file that tells what the group of a task's process holds, memory.stat; empty when it has no group of its own, but
// shares that of whoever started it.
std::string memory_stat_file(pid_t pid, const std::vector<Mount>& mounts);

// Whether a group was made for one task, by the shim or by Docker.
bool is_of_one_task(std::string_view group);

// The group's path, by the text of /proc/PID/cgroup; `unified`: of version 2. Empty when there is none, or "/".
std::string memory_group(std::string_view cgroup, bool unified);

// Bytes of files kept in memory, by the text of memory.stat.
std::uint64_t cached_bytes(std::string_view memory_stat);

}  // namespace drover::os
