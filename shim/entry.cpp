#include "entry.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol.h"

namespace drover::shim {

void leave_parent() {
    setsid();
    umask(022);
    syscall(SYS_close_range, static_cast<unsigned>(SHIM_CONTROL_FD + 1), ~0U, 0U);
    const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3 && null_fd >= 0; ++fd) dup2(null_fd, fd);
    if (null_fd > SHIM_CONTROL_FD) close(null_fd);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGCHLD);
    sigaddset(&mine, SIGTERM);
    sigaddset(&mine, SIGINT);
    sigprocmask(SIG_BLOCK, &mine, nullptr);
}

const char* claim_spec(size_t* size) {
    const int fd = open(SHIM_SPEC_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st {};
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &st) != 0 || st.st_nlink == 0) return nullptr;
    *size = static_cast<size_t>(st.st_size);
    if (*size == 0 || *size > kMaxSpecBytes) return nullptr;
    void* bytes = mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    return bytes == MAP_FAILED ? nullptr : static_cast<const char*>(bytes);
}

bool open_logs(const Spec& spec, Log* out, Log* err, char* error, size_t error_size) {
    if (spec.discards_output) return true;
    const int dir = open(spec.log_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        snprintf(error, error_size, "cannot open the log directory %s: %s", spec.log_dir, strerror(errno));
        return false;
    }
    return open_log(out, dir, spec.task, "stdout", spec.log_max_files, spec.log_max_size, error, error_size) &&
           open_log(err, dir, spec.task, "stderr", spec.log_max_files, spec.log_max_size, error, error_size);
}

}  // namespace drover::shim
