// Reading what the kernel and the distribution write about themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "os/mounts.hpp"

namespace drover::fingerprint {

// Bytes of memory in /proc/meminfo; 0 when it does not say.
std::uint64_t total_memory(std::string_view meminfo);

// The first "model name" of /proc/cpuinfo, or empty.
std::string cpu_model(std::string_view cpuinfo);

// The value of `key` in /etc/os-release, without quotes, or empty.
std::string os_release_value(std::string_view os_release, std::string_view key);

// "2", "1", "hybrid" or "none".
std::string cgroup_mode(const std::vector<os::Mount>& mounts);

}  // namespace drover::fingerprint
