#include "os/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>

#include <algorithm>
#include <csignal>

#include "base/defer.hpp"
#include "os/pidfd.hpp"
#include "os/spawn_fork.hpp"

namespace drover::os {

namespace {

int prepare_files(posix_spawn_file_actions_t* actions, const SpawnOptions& options, Stdio stdio) {
    int code = 0;
    for (int fd = 0; stdio == Stdio::null && fd < 3 && code == 0; ++fd) {
        code = ::posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    }
    int highest = 2;
    for (const std::pair<int, int>& fd : options.fds) {
        if (code == 0) code = ::posix_spawn_file_actions_adddup2(actions, fd.first, fd.second);
        highest = std::max(highest, fd.second);
    }
    if (code == 0) code = ::posix_spawn_file_actions_addclosefrom_np(actions, highest + 1);
    if (code == 0 && !options.work_dir.empty()) {
        code = ::posix_spawn_file_actions_addchdir_np(actions, options.work_dir.c_str());
    }
    return code;
}

int prepare_signals(posix_spawnattr_t* attributes, bool new_session) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (new_session) flags |= POSIX_SPAWN_SETSID;
    int code = ::posix_spawnattr_setsigmask(attributes, &none);
    if (code == 0) code = ::posix_spawnattr_setsigdefault(attributes, &all);
    if (code == 0) code = ::posix_spawnattr_setflags(attributes, static_cast<short>(flags));
    return code;
}

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    // posix_spawn takes char* const[] for historical reasons and does not write to them.
    for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
    out.push_back(nullptr);
    return out;
}

Result<Process> spawn(const SpawnOptions& options, Stdio stdio) {
    if (options.user || options.dies_with_us || !options.groups.empty()) return spawn_by_fork(options, stdio);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    const Defer free_actions([&] { ::posix_spawn_file_actions_destroy(&actions); });
    ::posix_spawnattr_init(&attributes);
    const Defer free_attributes([&] { ::posix_spawnattr_destroy(&attributes); });

    int code = prepare_files(&actions, options, stdio);
    if (code == 0) code = prepare_signals(&attributes, options.new_session);
    Process process;
    if (code == 0) {
        code = ::posix_spawn(&process.pid, options.path.c_str(), &actions, &attributes, pointers(options.argv).data(),
                             pointers(options.env).data());
    }
    if (code != 0) return fail_errno("cannot start " + options.path, code);

    // The pid cannot be given to another process before it is reaped here, so this names the right one.
    Result<UniqueFd> pidfd = open_pidfd(process.pid);
    if (!pidfd) return tl::unexpected(pidfd.error());
    process.pidfd = std::move(*pidfd);
    return process;
}

}  // namespace drover::os
