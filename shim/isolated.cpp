#include "isolated.hpp"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol.h"
#include "text.hpp"

namespace drover::shim {

namespace {

constexpr const char* kCgroups = "/sys/fs/cgroup";

}  // namespace

bool hide_from_runtime(const char* runtime) {
    if (unshare(CLONE_NEWNS) != 0) return false;
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
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
