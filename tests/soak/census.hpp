// What the services hold, and whether it grows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "integration/cluster.hpp"

namespace drover::soak {

struct Holding {
    std::uint64_t tasks = 0;  // that had ended when it was looked at
    double rss_kib = 0;       // VmRSS
    double descriptors = 0;   // entries of /proc/PID/fd
};

// By the service's name, in the order in which they were looked at.
using Census = std::map<std::string, std::vector<Holding>>;

void look(const integration::Cluster& cluster, std::uint64_t tasks, Census& census);

// Of a straight line through `value` over the tasks that had ended, by least squares; per task. What was seen before
// `from` tasks does not count: caches fill and arenas grow until then.
double slope(const std::vector<Holding>& seen, double Holding::*value, std::uint64_t from);

}  // namespace drover::soak
