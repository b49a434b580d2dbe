#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "driver-manager/fetch/unpack.hpp"

namespace drover::fetch {

namespace {

constexpr int kMaxDepth = 64;

Result<void> inspect_dir(UniqueFd fd, const std::string& path, Bounds& left, int depth);

Result<void> inspect_entry(int dir, const std::string& name, const std::string& path, Bounds& left, int depth) {
    struct stat st {};
    if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("cannot examine " + path, errno);
    if (left.entries == 0) return fail(ErrorKind::refused, "it has more entries than an artifact may have");
    --left.entries;
    if (S_ISDIR(st.st_mode)) {
        if (depth == kMaxDepth) return fail(ErrorKind::refused, path + " is too deep");
        UniqueFd fd(::openat(dir, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!fd.valid()) return fail_errno("cannot open " + path, errno);
        return inspect_dir(std::move(fd), path, left, depth + 1);
    }
    if (S_ISLNK(st.st_mode)) {
        std::array<char, 4097> target{};
        const ssize_t n = ::readlinkat(dir, name.c_str(), target.data(), target.size());
        if (n > 0 && stays_inside(path, {target.data(), static_cast<std::size_t>(n)})) return {};
        return fail(ErrorKind::refused, path + " is a link that leads out");
    }
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (!S_ISREG(st.st_mode)) return fail(ErrorKind::refused, path + " is neither a file, a directory nor a link");
    if (size > left.bytes) return fail(ErrorKind::refused, "it has more bytes than an artifact may have");
    left.bytes -= size;
    return {};
}

Result<void> inspect_dir(UniqueFd fd, const std::string& path, Bounds& left, int depth) {
    const int at = fd.get();
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(at), &::closedir);
    if (!dir) return fail_errno("cannot read " + path, errno);
    fd.release();
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        const std::string below = path.empty() ? name : path + "/" + name;
        if (const auto good = inspect_entry(at, name, below, left, depth); !good) return good;
    }
    return {};
}

}  // namespace

Result<void> inspect(int dir, const Bounds& bounds) {
    UniqueFd fd(::openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return fail_errno("cannot open a directory", errno);
    Bounds left = bounds;
    return inspect_dir(std::move(fd), "", left, 0);
}

}  // namespace drover::fetch
