// What NodeHands does about the directories of tasks.
#include <unistd.h>

#include "driver-manager/allocdir/alloc_dir.hpp"
#include "driver-manager/allocdir/strays.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "host/log.hpp"
#include "os/files.hpp"
#include "os/mounts.hpp"
#include "os/user.hpp"

namespace drover::driver_manager {

// In a container of our own what we mount is lost to our successor, unless it reaches the machine.
bool NodeHands::mounts_outlive_us() const {
    const auto mounts = os::read_mounts();
    const os::Mount* mount = os::mount_of(mounts, paths_.tasks);
    return !paths_.container || (mount != nullptr && mount->shared);
}

void NodeHands::look_what_may_be_mounted() {
    Result<void> possible;
    if (const auto made = os::make_dir(paths_.tasks, 0700); !made) possible = tl::unexpected(made.error());
    if (possible) possible = allocdir::can_keep_in_memory(paths_.tasks);
    may_mount_ = possible.has_value();
    if (possible && !mounts_outlive_us())
        possible = fail(ErrorKind::refused,
                        "what is mounted in this container stays in it; mount the machine's root "
                        "with propagation rshared");
    secrets_in_memory_ = possible.has_value();
    if (!possible)
        log::warn("the secrets of tasks are kept on disk, each in a directory that only its user may read",
                  {{"why", possible.error()}});
}

Result<void> NodeHands::build_dirs(const wire::TaskCommand& command) {
    allocdir::Secrets secrets{.in_memory = secrets_in_memory_, .uid = ::geteuid(), .gid = ::getegid()};
    // A user who is not known is refused at the launch, with a sentence of its own.
    if (!command.spec.user.empty()) {
        if (const auto user = os::find_user(command.spec.user)) {
            secrets.uid = user->uid;
            secrets.gid = user->gid;
        }
    }
    const auto dirs = allocdir::build(paths_.allocs, command.alloc, command.task, secrets);
    if (dirs) return {};
    // A full disk or the like: the next try may find it better.
    const bool lasting = dirs.error().kind == ErrorKind::invalid;
    return fail(lasting ? ErrorKind::invalid : ErrorKind::unavailable, dirs.error().message);
}

Result<void> NodeHands::set_strays_aside(const std::string& root) {
    const auto strays = allocdir::set_strays_aside(root);
    if (!strays) return tl::unexpected(strays.error());
    for (const allocdir::Stray& stray : *strays)
        log::warn("set aside what is no directory, where one of an alloc or a task belongs",
                  {{"path", stray.path}, {"aside", stray.aside}});
    return {};
}

// Nothing that we run needs them, so a process that lost them is left alone; its user may wonder, though.
void NodeHands::look_for_dirs() {
    for (auto& [key, run] : runs_) {
        if (run.seen.phase != wire::RunPhase::running) continue;
        const allocdir::TaskDirs dirs = allocdir::paths(paths_.allocs, key.alloc, key.task);
        std::string gone;
        for (const std::string& path : {dirs.root, dirs.local})
            if (gone.empty() && !os::exists(path)) gone = path;
        if (gone == run.directory_gone) continue;
        run.directory_gone = gone;
        if (!gone.empty())
            log::warn("the directory of a running task has vanished",
                      {{"alloc", key.alloc}, {"task", key.task}, {"path", gone}});
        say(key);
    }
    dirs_timer_ = loop_.at(loop_.now() + dirs_period_, [this] { look_for_dirs(); });
}

}  // namespace drover::driver_manager
