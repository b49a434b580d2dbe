#include "driver-manager/allocdir/secrets.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.hpp"
#include "os/files.hpp"

namespace drover::allocdir {

namespace {

constexpr const char* kProbe = "/.secrets";
constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* kOptions = "mode=0700,size=1m,nr_inodes=1k";
constexpr int kMaxStacked = 16;

Result<UniqueFd> open_dir(const std::string& path, int flags) {
    UniqueFd fd(::open(path.c_str(), flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return fail_errno("cannot open the directory " + path, errno);
    return fd;
}

// A file system in memory of its own, and not a directory of one.
bool is_own_memory(const UniqueFd& dir) {
    struct statfs fs {};
    struct stat here {};
    struct stat above {};
    return ::fstatfs(dir.get(), &fs) == 0 && fs.f_type == TMPFS_MAGIC && ::fstat(dir.get(), &here) == 0 &&
           ::fstatat(dir.get(), "..", &above, AT_SYMLINK_NOFOLLOW) == 0 && here.st_dev != above.st_dev;
}

// By descriptor: the task's user may put a link in the directory's place at any time.
Result<void> mount_on(const UniqueFd& dir, const std::string& path) {
    const std::string target = "/proc/self/fd/" + std::to_string(dir.get());
    const std::string unswapped = std::string(kOptions) + ",noswap";
    if (::mount("drover-secrets", target.c_str(), "tmpfs", kFlags, unswapped.c_str()) == 0) return {};
    // Kernels before 6.4 know no noswap.
    if (errno == EINVAL && ::mount("drover-secrets", target.c_str(), "tmpfs", kFlags, kOptions) == 0) return {};
    return fail_errno("cannot mount a file system in memory on " + path, errno);
}

}  // namespace

Result<void> can_keep_in_memory(const std::string& dir) {
    const std::string probe = dir + kProbe;
    if (const auto left = unmount_secrets(probe); !left) return left;
    Result<void> done = make_secrets(probe, {.in_memory = true, .uid = ::geteuid(), .gid = ::getegid()});
    if (done) done = unmount_secrets(probe);
    ::rmdir(probe.c_str());
    return done;
}

Result<void> make_secrets(const std::string& path, const Secrets& secrets) {
    const Result<bool> made = os::make_dir(path, 0700);
    if (!made) return tl::unexpected(made.error());
    Result<UniqueFd> dir = open_dir(path, O_RDONLY);
    if (dir && secrets.in_memory && !is_own_memory(*dir)) {
        if (const auto mounted = mount_on(*dir, path); !mounted) return mounted;
        dir = open_dir(path, O_RDONLY);
    }
    if (!dir) return tl::unexpected(dir.error());
    if (::geteuid() != 0) return {};
    if (::fchown(dir->get(), secrets.uid, secrets.gid) != 0 || ::fchmod(dir->get(), 0700) != 0)
        return fail_errno("cannot give " + path + " to the task's user", errno);
    return {};
}

Result<void> unmount_secrets(const std::string& path) {
    for (int i = 0; i < kMaxStacked; ++i) {
        {
            const Result<UniqueFd> dir = open_dir(path, O_PATH);
            if (!dir || !is_own_memory(*dir)) return {};
        }
        // Detached: whoever still has a file open there keeps nobody waiting.
        if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
            return fail_errno("cannot unmount " + path, errno);
    }
    return fail(ErrorKind::conflict, "cannot unmount " + path + ": something is mounted there again and again");
}

}  // namespace drover::allocdir
