#include "driver-manager/fetch/move.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace drover::fetch {

namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// All of them first: what is moved away meanwhile must not confuse the listing.
Result<std::vector<std::string>> names_in(int dir) {
    UniqueFd fd(::openat(dir, ".", kDirectory));
    const std::unique_ptr<DIR, int (*)(DIR*)> list(fd.valid() ? ::fdopendir(fd.get()) : nullptr, &::closedir);
    if (!list) return fail_errno("cannot read a directory", errno);
    fd.release();
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(list.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    return names;
}

bool is_dir(int dir, const std::string& name) {
    struct stat st {};
    return ::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

Result<void> move_one(int from, int into, const std::string& name) {
    const bool old_is_dir = is_dir(into, name);
    if (is_dir(from, name)) {
        if (old_is_dir) {
            const UniqueFd inner(::openat(from, name.c_str(), kDirectory));
            const UniqueFd outer(::openat(into, name.c_str(), kDirectory));
            if (!inner.valid() || !outer.valid()) return fail_errno("cannot open " + name, errno);
            return move_contents(inner.get(), outer.get());
        }
        // A directory cannot be renamed over anything else.
        ::unlinkat(into, name.c_str(), 0);
    } else if (old_is_dir) {
        return fail(ErrorKind::refused, "there is a directory where the file " + name + " should be");
    }
    if (::renameat(from, name.c_str(), into, name.c_str()) != 0) return fail_errno("cannot move " + name, errno);
    return {};
}

}  // namespace

Result<void> move_contents(int from, int into) {
    const auto names = names_in(from);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names)
        if (const auto moved = move_one(from, into, name); !moved) return moved;
    return {};
}

}  // namespace drover::fetch
