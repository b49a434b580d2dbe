// How full the file system is where the tasks live.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/mounts.hpp"
#include "wire/observed.hpp"

namespace drover::fingerprint {

// The first two in percent. What only root may use counts as used, as for df.
struct StorageUse {
    double used = 0;
    double inodes = 0;  // 0 where the file system has no fixed number of them
    std::uint64_t bytes = 0;
    std::uint64_t free = 0;  // bytes, for everybody
    std::string volume{};    // "/dev/sda1"
};

// Of `total` things `free` are not used, of these `available` for everybody.
double share(std::uint64_t total, std::uint64_t free, std::uint64_t available);

// Of the file system that has `path`; nothing when there is no such path.
std::optional<StorageUse> look_at_storage(const std::string& path);

// What is mounted where `path`, which is absolute, lies; empty when the table does not say.
std::string volume_of(const std::string& path, const std::vector<os::Mount>& mounts);

// Tells of use only what has changed by at least one point since it was last told, so that a node whose disk is at work
// does not speak all the time.
class StorageTeller {
   public:
    // Sets the attributes storage.used_percent and storage.inodes_used_percent, and unique.storage.volume, .bytestotal
    // and .bytesfree.
    void tell(const std::optional<StorageUse>& use, wire::NodeObserved& node);

   private:
    std::optional<StorageUse> told_;
};

}  // namespace drover::fingerprint
