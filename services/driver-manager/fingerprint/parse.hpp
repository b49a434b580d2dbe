// Reading what the kernel and the distribution write about themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "os/mounts.hpp"

namespace drover::fingerprint {

// The number that the text begins with; 0 when there is none.
double leading_number(std::string_view text);

// Bytes of memory in /proc/meminfo; 0 when it does not say.
std::uint64_t total_memory(std::string_view meminfo);

// The first "model name" of /proc/cpuinfo, or empty.
std::string cpu_model(std::string_view cpuinfo);

// How the machine's cores are made up, by /proc/cpuinfo; 0 where it does not say.
struct Topology {
    std::size_t sockets = 0;
    std::size_t cores = 0;  // of all sockets; a core may run several threads, each of which counts as a processor
    double mhz = 0;         // of the first processor, at this moment

    friend bool operator==(const Topology&, const Topology&) = default;
};
Topology topology(std::string_view cpuinfo);

// The interface of the default route with the lowest metric in /proc/net/route, or empty.
std::string default_interface(std::string_view routes);

// The value of `key` in /etc/os-release, without quotes, or empty.
std::string os_release_value(std::string_view os_release, std::string_view key);

// "2", "1", "hybrid" or "none".
std::string cgroup_mode(const std::vector<os::Mount>& mounts);

}  // namespace drover::fingerprint
