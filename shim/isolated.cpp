#include "isolated.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol.h"
#include "text.hpp"

namespace drover::shim {

namespace {

constexpr const char* kCgroups = "/sys/fs/cgroup";

bool make_private() { return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0; }

// Whoever enters the mount namespace of a task later finds itself at its root, which the runtime makes that of the task
// by turning it; a root that was reached by chroot, out of a container, it would leave as it is. So the namespace is
// given the root of this process first. setns() into where one is already leads to the namespace's own.
bool make_this_the_root() {
    const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int space = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (root < 0 || here < 0 || space < 0 || setns(space, CLONE_NEWNS) != 0) return false;
    struct stat ours {
    }, found{};
    if (fstat(root, &ours) != 0 || stat("/", &found) != 0) return false;
    const bool same = ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
    if (!same && (!make_private() || fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
                  umount2(".", MNT_DETACH) != 0))
        return false;
    return fchdir(here) == 0;
}

}  // namespace

bool hide_from_runtime(const char* runtime) {
    if (unshare(CLONE_NEWNS) != 0) return false;
    if (!make_private() || !make_this_the_root()) return false;
    const bool hidden = mount("drover", kCgroups, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
    if (!hidden && errno != ENOENT) return false;
    return mount(runtime, runtime, nullptr, MS_BIND, nullptr) == 0 &&
           mount(nullptr, runtime, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

void tell_refusal(int status, char* out, size_t size) {
    char text[512];
    if (read_text(SHIM_ERROR_FILE, text, sizeof text) > 0) {
        if (char* end = strchr(text, '\n')) *end = 0;
        snprintf(out, size, "the task could not be isolated: %s", text);
    } else if (WIFSIGNALED(status)) {
        snprintf(out, size, "the task could not be isolated: its runtime was ended by signal %d%s", WTERMSIG(status),
                 WTERMSIG(status) == SIGKILL ? "; does it have too little memory?" : "");
    } else {
        snprintf(out, size, "the task could not be isolated: its runtime ended with code %d", WEXITSTATUS(status));
    }
}

}  // namespace drover::shim
