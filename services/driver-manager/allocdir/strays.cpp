#include "driver-manager/allocdir/strays.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace drover::allocdir {

namespace {

constexpr std::size_t kMaxNames = 1 << 20;

bool is_directory(const std::string& path) {
    struct stat st {};
    return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Result<Stray> set_aside(const std::string& root, const std::string& name) {
    const std::string aside = root + "/.aside";
    if (const Result<bool> made = os::make_dir(aside, 0700); !made) return tl::unexpected(made.error());
    Stray stray{root + "/" + name, aside + "/" + name.substr(name.rfind('/') + 1) + "." + random_hex(8)};
    if (::rename(stray.path.c_str(), stray.aside.c_str()) == 0) return stray;
    return fail_errno("cannot move " + stray.path + " aside, which is no directory; remove it", errno);
}

// In <root>/<below>, where only directories belong.
Result<void> look_in(const std::string& root, const std::string& below, std::vector<Stray>& out) {
    const Result<std::vector<std::string>> names = os::list_dir(root + "/" + below, kMaxNames);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
        if (!os::is_plain_name(name) || is_directory(root + "/" + below + name)) continue;
        Result<Stray> stray = set_aside(root, below + name);
        if (!stray) return tl::unexpected(stray.error());
        out.push_back(std::move(*stray));
    }
    return {};
}

}  // namespace

Result<std::vector<Stray>> set_strays_aside(const std::string& root) {
    std::vector<Stray> out;
    if (!os::exists(root)) return out;
    Result<void> done = look_in(root, "", out);
    if (!done) return tl::unexpected(done.error());
    const Result<std::vector<std::string>> allocs = os::list_dir(root, kMaxNames);
    if (!allocs) return tl::unexpected(allocs.error());
    for (const std::string& alloc : *allocs) {
        if (!os::is_plain_name(alloc)) continue;
        done = look_in(root, alloc + "/", out);
        if (!done) return tl::unexpected(done.error());
    }
    return out;
}

}  // namespace drover::allocdir
