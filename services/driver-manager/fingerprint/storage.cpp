#include "driver-manager/fingerprint/storage.hpp"

#include <sys/statvfs.h>

#include <cmath>

namespace drover::fingerprint {
namespace {

constexpr double kStep = 1;  // points

// "84.4"
std::string text(double percent) {
    const long tenths = std::lround(percent * 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

double share(std::uint64_t total, std::uint64_t free, std::uint64_t available) {
    const std::uint64_t used = total > free ? total - free : 0;
    if (used + available == 0) return 0;
    return 100 * static_cast<double>(used) / static_cast<double>(used + available);
}

std::optional<StorageUse> look_at_storage(const std::string& path) {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return std::nullopt;
    return StorageUse{share(info.f_blocks, info.f_bfree, info.f_bavail),
                      share(info.f_files, info.f_ffree, info.f_favail), info.f_blocks * info.f_frsize,
                      info.f_bavail * info.f_frsize, volume_of(path, os::read_mounts())};
}

std::string volume_of(const std::string& path, const std::vector<os::Mount>& mounts) {
    const os::Mount* best = nullptr;
    for (const os::Mount& mount : mounts) {
        const bool has = mount.path == "/" || path == mount.path || path.starts_with(mount.path + "/");
        // Of those at one place the last lies on top.
        if (has && (best == nullptr || mount.path.size() >= best->path.size())) best = &mount;
    }
    return best == nullptr ? "" : best->source;
}

void StorageTeller::tell(const std::optional<StorageUse>& use, wire::NodeObserved& node) {
    if (use && (!told_ || std::abs(use->used - told_->used) >= kStep || std::abs(use->inodes - told_->inodes) >= kStep))
        told_ = use;
    if (!told_) return;
    if (told_->bytes > 0) node.attributes["unique.storage.bytestotal"] = std::to_string(told_->bytes);
    if (told_->bytes > 0) node.attributes["unique.storage.bytesfree"] = std::to_string(told_->free);
    if (!told_->volume.empty()) node.attributes["unique.storage.volume"] = told_->volume;
    node.attributes["storage.used_percent"] = text(told_->used);
    node.attributes["storage.inodes_used_percent"] = text(told_->inodes);
}

}  // namespace drover::fingerprint
