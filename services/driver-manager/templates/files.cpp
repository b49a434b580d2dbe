#include "driver-manager/templates/files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "base/unique_fd.hpp"
#include "os/below.hpp"
#include "os/files.hpp"
#include "os/user.hpp"

namespace drover::templates {
namespace {

struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
};

Result<Owner> owner_of(const std::string& user) {
    Owner owner;
    const auto [end, code] = std::from_chars(user.data(), user.data() + user.size(), owner.uid);
    if (code == std::errc() && end == user.data() + user.size()) {
        owner.gid = owner.uid;
        return owner;
    }
    const auto found = os::find_user(user);
    if (!found) return tl::unexpected(found.error());
    return Owner{found->uid, found->gid};
}

Result<UniqueFd> open_dir(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    return fd;
}

// Without following a link anywhere: who writes below may be the task.
Result<UniqueFd> open_below(const std::string& dir, const std::string& path, int flags) {
    const auto root = open_dir(dir);
    if (!root) return tl::unexpected(root.error());
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, root->get(), path.c_str(), &how, sizeof how)));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    return fd;
}

Result<UniqueFd> open_source(const Readable& readable, const std::string& path) {
    constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    if (!path.starts_with('/')) return open_below(readable.task, path, kFlags);
    if (!readable.node) {
        const std::string alloc = readable.alloc + "/";
        if (path.starts_with(alloc)) return open_below(readable.alloc, path.substr(alloc.size()), kFlags);
        return fail(ErrorKind::refused,
                    "the templates of this task may read files of its alloc only, and " + path +
                        " is none: write the text into the job, fetch it as an artifact, or have the node's owner set "
                        "template_host_files to allow");
    }
    UniqueFd fd(::open(path.c_str(), kFlags));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    return fd;
}

Result<UniqueFd> open_plain(const Readable& readable, const std::string& path) {
    auto fd = open_source(readable, path);
    if (!fd) return fd;
    struct stat info {};
    if (::fstat(fd->get(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return fail(ErrorKind::invalid, path + " is no plain file");
    }
    return fd;
}

Result<void> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("cannot write", errno);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

}  // namespace

Readable readable(const drivers::TaskContext& context) {
    const std::string& task = context.dirs.root;
    return {task, task.substr(0, task.rfind('/')), context.host_files};
}

Result<std::string> read_source(const Readable& readable, const std::string& path) {
    const auto fd = open_plain(readable, path);
    if (!fd) return tl::unexpected(fd.error());
    return os::read_file("/proc/self/fd/" + std::to_string(fd->get()), kMaxFile);
}

Result<void> write_render(const std::string& task_dir, const wire::Template& spec, const std::string& user,
                          std::string_view text) {
    const auto failed = [&](const Error& error) {
        return fail(error.kind, "cannot write template " + spec.destination + ": " + error.message);
    };
    const auto path = os::clean_path(spec.destination);
    if (!path || path->empty()) return failed({ErrorKind::invalid, "it is no file below the task's directory"});
    const auto dir = open_dir(task_dir);
    if (!dir) return failed(dir.error());
    auto place = os::make_place_below(dir->get(), *path, 0755);
    if (!place) return failed(place.error());
    const std::string name = place->name;
    place->name = "." + name + ".drover";
    // Private until it belongs to whom it should.
    const auto file = os::create_in(*place, 0600);
    if (!file) return failed(file.error());
    if (auto written = write_all(file->get(), text); !written) return failed(written.error());
    if (!user.empty() && ::geteuid() == 0) {
        const auto owner = owner_of(user);
        if (!owner) return failed(owner.error());
        if (::fchown(file->get(), owner->uid, owner->gid) != 0) return failed(fail_errno("chown", errno).value());
    }
    if (::fchmod(file->get(), spec.perms & 0777U) != 0) return failed(fail_errno("chmod", errno).value());
    const int at = place->dir.get();
    if (::renameat(at, place->name.c_str(), at, name.c_str()) != 0) return failed(fail_errno("rename", errno).value());
    return {};
}

}  // namespace drover::templates
