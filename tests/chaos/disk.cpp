#include "disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/unique_fd.hpp"

namespace drover::chaos {

Disk::Disk(std::string dir, std::uint64_t megabytes) : dir_(std::move(dir)) {
    std::filesystem::create_directories(dir_);
    const std::string size = "mode=0700,size=" + std::to_string(megabytes) + "m";
    mounted_ = mount("chaos", dir_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) == 0;
}

void Disk::fill() const {
    const UniqueFd fd(open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!fd.valid()) return;
    const std::vector<char> zeros(1 << 20);
    for (std::size_t piece = zeros.size(); piece > 0; piece /= 256) {
        while (write(fd.get(), zeros.data(), piece) > 0) continue;
    }
}

void Disk::free() const { unlink(filler().c_str()); }

}  // namespace drover::chaos
