#include "os/remove.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/unique_fd.hpp"
#include "os/files.hpp"

namespace drover::os {

namespace {

constexpr int kMaxDepth = 256;

// Identifies the mount that `fd` is in. Bind mounts of one file system share st_dev, so that is not enough.
Result<std::uint64_t> mount_of(int fd, const std::string& path) {
    struct statx st {};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) != 0) return fail_errno("cannot examine " + path, errno);
    if ((st.stx_mask & STATX_MNT_ID) == 0) {
        return fail(ErrorKind::unavailable, "cannot tell mounts apart at " + path + ": the kernel is older than 5.8");
    }
    return st.stx_mnt_id;
}

void keep_first(Result<void>& first, Result<void> next) {
    if (first && !next) first = std::move(next);
}

Result<void> remove_entry(int parent, const char* name, const std::string& path, std::uint64_t mount, int depth);

Result<void> remove_contents(UniqueFd dir_fd, const std::string& path, std::uint64_t mount, int depth) {
    const int fd = dir_fd.get();
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd), &::closedir);
    if (!dir) return fail_errno("cannot read the directory " + path, errno);
    dir_fd.release();
    Result<void> first;
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        keep_first(first, remove_entry(fd, entry->d_name, path + "/" + entry->d_name, mount, depth));
    }
    return first;
}

Result<void> remove_entry(int parent, const char* name, const std::string& path, std::uint64_t mount, int depth) {
    if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return fail_errno("cannot remove " + path, errno);
    const int code = errno;
    // An empty one needs no look inside, which may not be permitted.
    if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    if (depth >= kMaxDepth) return fail(ErrorKind::invalid, path + " is nested too deep to be removed");

    UniqueFd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return fail_errno("cannot remove " + path, errno == ENOTDIR ? code : errno);
    const Result<std::uint64_t> here = mount_of(fd.get(), path);
    if (!here) return tl::unexpected(here.error());
    if (*here != mount) {
        return fail(ErrorKind::conflict, "cannot remove " + path + ": something is mounted on it; unmount it first");
    }
    Result<void> inside = remove_contents(std::move(fd), path, mount, depth + 1);
    if (!inside) return inside;
    if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return fail_errno("cannot remove the directory " + path, errno);
}

}  // namespace

Result<void> remove_tree(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty() || name == "." || name == "..") {
        return fail(ErrorKind::invalid, "cannot remove \"" + path + "\": it does not end in a name");
    }
    const UniqueFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() && errno == ENOENT) return {};
    if (!fd.valid()) return fail_errno("cannot open the directory " + parent, errno);
    const Result<std::uint64_t> mount = mount_of(fd.get(), parent);
    if (!mount) return tl::unexpected(mount.error());
    return remove_entry(fd.get(), name.c_str(), path, *mount, 0);
}

}  // namespace drover::os
