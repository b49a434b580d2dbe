#include "child.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.hpp"
#include "heritage.hpp"
#include "isolated.hpp"
#include "protocol.h"

namespace drover::shim {

namespace {

// In memory that the child shares with the parent.
void give_up(StartError* error, const char* step, const char* object) {
    error->step = step;
    error->object = object;
    error->code = errno;
    _exit(127);
}

// The system calls are made directly: those of a C library would pass the change on to the threads of the parent, with
// which memory is shared at this point.
void become_user(const Spec& spec, StartError* error) {
    if (!spec.has_user) return;
    const long groups = syscall(SYS_setgroups, spec.group_count, spec.groups);
    if (groups != 0) give_up(error, "cannot set the groups of the user of", spec.task);
    if (syscall(SYS_setresgid, spec.gid, spec.gid, spec.gid) != 0) give_up(error, "cannot set the group of", spec.task);
    if (syscall(SYS_setresuid, spec.uid, spec.uid, spec.uid) != 0) give_up(error, "cannot set the user of", spec.task);
}

// As linux/sched.h has it, which is not there for every C library.
struct CloneArguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

// Like vfork, but with memory of its own and inside the group. Moving a process into a group afterwards waits for all
// processors, some 12 ms on a quiet machine.
pid_t born_in(int group_fd) {
    constexpr uint64_t kVfork = 0x4000;
    constexpr uint64_t kIntoCgroup = 0x200000000;
    CloneArguments arguments{};
    arguments.flags = kVfork | kIntoCgroup;
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = static_cast<uint64_t>(group_fd);
    return static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

[[noreturn]] void run_child(const Spec& spec, bool in_first_group, const ChildFds& fds, StartError* error) {
    setsid();
    umask(022);
    const int in = fds.in >= 0 ? fds.in : open("/dev/null", O_RDONLY);
    if (in < 0) give_up(error, "cannot open", "/dev/null");
    if (dup2(in, 0) < 0 || dup2(fds.out, 1) < 0 || dup2(fds.err, 2) < 0) {
        give_up(error, "cannot connect the output of", spec.task);
    }
    if (fds.terminal && ioctl(0, TIOCSCTTY, 0) != 0) give_up(error, "cannot take the terminal of", spec.task);
    shed_heritage();
    if (!join_cgroups(spec, in_first_group)) give_up(error, "cannot join the control groups of", spec.task);
    become_user(spec, error);
    // A change of user would undo it.
    if (fds.tied && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(error, "cannot tie", spec.task);
    if (chdir(spec.work_dir) != 0) give_up(error, "cannot use the working directory", spec.work_dir);
    if (spec.isolated && !hide_from_runtime(spec.argv[0])) give_up(error, "cannot prepare the mounts of", spec.task);
    if (fds.report >= 0 && dup2(fds.report, SHIM_REPORT_FD) < 0) give_up(error, "cannot listen to", spec.task);
    syscall(SYS_close_range, fds.report >= 0 ? SHIM_REPORT_FD + 1U : SHIM_REPORT_FD, ~0U, 0U);
    exec_or_tell(spec.argv, spec.envp, error);
    _exit(127);
}

}  // namespace

void exec_or_tell(char** argv, char** envp, StartError* error) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(argv[0], argv, envp);
    const int code = errno;
    // Then it is the interpreter on its first line, or its loader, that the kernel has not found.
    const bool exists = code == ENOENT && access(argv[0], F_OK) == 0;
    *error = StartError{exists ? "cannot find the interpreter of" : "cannot execute", argv[0], code};
}

const char* find_program(const char* command, char* const* envp, char* out, size_t size) {
    const char* path = nullptr;
    for (; *envp && !path; ++envp)
        if (strncmp(*envp, "PATH=", 5) == 0) path = *envp + 5;
    if (strchr(command, '/') || !*command) return command;
    while (path && *path) {
        const size_t length = strcspn(path, ":");
        struct stat st {};
        // An empty or relative entry would mean whatever directory this is.
        const bool usable = *path == '/' && snprintf(out, size, "%.*s/%s", static_cast<int>(length), path, command) <
                                                static_cast<int>(size);
        if (usable && stat(out, &st) == 0 && S_ISREG(st.st_mode) && access(out, X_OK) == 0) return out;
        path += length + (path[length] == ':');
    }
    return command;
}

pid_t start_task(const Spec& spec, const ChildFds& fds, StartError* error) {
    void* page = mmap(nullptr, sizeof *error, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        *error = StartError{"cannot get memory for", spec.task, errno};
        return -1;
    }
    StartError* shared = static_cast<StartError*>(page);
    *shared = StartError{};
    const int group_fd = open_unified(spec);
    pid_t pid = group_fd >= 0 ? born_in(group_fd) : -1;
    if (pid == 0) run_child(spec, true, fds, shared);
    if (group_fd >= 0) close(group_fd);
    // Kernels before 5.7 and filters of containers refuse it.
    if (pid < 0) pid = vfork();
    if (pid == 0) run_child(spec, false, fds, shared);
    *error = *shared;
    if (pid < 0) *error = StartError{"cannot create a process for", spec.task, errno};
    munmap(page, sizeof *error);
    if (pid < 0 || !error->step) return pid;
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
    return -1;
}

bool may_pass(int code) {
    switch (code) {
        case EAGAIN:
        case ENOMEM:
        case ENFILE:
        case EMFILE:
        case ENOSPC:
        case EDQUOT:
        case EIO:
        case ETXTBSY:
        case EBUSY: return true;
        default: return false;
    }
}

}  // namespace drover::shim
