// Whether what is asked for fits into what a node has. The alloc-runner, which looks for a node, and the node itself
// have to agree on this.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "wire/status.hpp"

namespace drover::wire {

// Is the group one that the ask means? An ask is "gpu", "nvidia/gpu" or "nvidia/gpu/Tesla T4".
bool matches(const std::string& ask, const DeviceGroup& group);

// Those that leave the least choice first, so that the others do not take theirs.
std::vector<std::string> narrowest_first(const std::map<std::string, std::uint64_t>& asks);

// "vendor/type/name/id"
std::string device_key(const DeviceGroup& group, const std::string& id);

// To `sum`.
void add(Resources& sum, const Resources& more);

// What of `wanted` there is no room for beside `used`, as a sentence; empty when all of it fits.
std::string lack_of_room(const Resources& total, const Resources& used, const Resources& wanted);  // cpu and memory
std::string lack_of_devices(const std::vector<DeviceGroup>& groups, const Resources& used, const Resources& wanted);

// What the allocs on a node may ask for as long as they have not ended.
struct Use {
    std::size_t allocs = 0;
    Resources resources;
    std::set<std::uint32_t> ports;  // those that they name

    // One more; those of its tasks that have ended for good ask for nothing any more. `status` may be null.
    void add(const GroupSpec& group, const AllocStatus* status);
};

// What of a node an alloc of the group lacks beside what is in use there, as a sentence; empty when it has room.
std::string lack(const NodeObserved& node, const Use& use, const GroupSpec& group);

}  // namespace drover::wire
