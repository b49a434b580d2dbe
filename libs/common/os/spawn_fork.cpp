#include "os/spawn_fork.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include "os/pidfd.hpp"

namespace drover::os {

namespace {

// Everything that the child needs, made before the fork: after it only system calls are safe.
struct Prepared {
    const SpawnOptions& options;
    Stdio stdio;
    std::vector<char*> argv;
    std::vector<char*> env;
    std::vector<std::string> groups;  // the files to write to
    bool change_user;
    pid_t parent;
    int report;  // gets the errno of what failed; closed by a successful exec
};

bool set_descriptors(const Prepared& p) {
    if (p.stdio == Stdio::null) {
        const int null = ::open("/dev/null", O_RDWR);
        if (null < 0) return false;
        for (int fd = 0; fd < 3; ++fd)
            if (::dup2(null, fd) < 0) return false;
        if (null > 2) ::close(null);
    }
    int highest = 2;
    for (const std::pair<int, int>& fd : p.options.fds) {
        if (::dup2(fd.first, fd.second) < 0) return false;
        highest = std::max(highest, fd.second);
    }
    // Only marked, so that `report` works until then. Kernels before 5.11 refuse; everything of ours is marked anyway.
    ::syscall(SYS_close_range, highest + 1, UINT_MAX, 4 /* CLOSE_RANGE_CLOEXEC */);
    return true;
}

// By system calls: the functions of libc would want to change all threads of a process that has none of them any more.
bool change_user(const User& user) {
    return ::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) == 0 &&
           ::syscall(SYS_setresgid, user.gid, user.gid, user.gid) == 0 &&
           ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) == 0;
}

bool join(const std::vector<std::string>& groups) {
    for (const std::string& file : groups) {
        const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
        const bool joined = fd >= 0 && ::write(fd, "0", 1) == 1;
        if (!joined) return false;
        ::close(fd);
    }
    return true;
}

void default_signals() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Prepared& p) {
    default_signals();
    bool good = !p.options.new_session || ::setsid() >= 0;
    good = good && join(p.groups);
    good = good && set_descriptors(p);
    // As who we are: the way to it may be closed to the user.
    good = good && (p.options.work_dir.empty() || ::chdir(p.options.work_dir.c_str()) == 0);
    good = good && (!p.change_user || change_user(*p.options.user));
    if (good && p.options.dies_with_us) {
        good = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
        if (::getppid() != p.parent) ::_exit(127);
    }
    if (good) ::execve(p.options.path.c_str(), p.argv.data(), p.env.data());
    const int code = errno;
    (void)!::write(p.report, &code, sizeof code);
    ::_exit(127);
}

}  // namespace

Result<Process> spawn_by_fork(const SpawnOptions& options, Stdio stdio) {
    const bool change = options.user && (options.user->uid != ::geteuid() || ::geteuid() == 0);
    if (change && ::geteuid() != 0) {
        return fail(ErrorKind::refused, "cannot start " + options.path + " as another user: this is not root");
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
    UniqueFd theirs(ends[1]);
    const UniqueFd ours(ends[0]);
    // Out of the way of the numbers that the program's descriptors get.
    UniqueFd report(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, 64));
    if (!report.valid()) return fail_errno("cannot copy a descriptor", errno);
    std::vector<std::string> groups;
    for (const std::string& dir : options.groups) groups.push_back(dir + "/cgroup.procs");
    const Prepared prepared{
        options,    stdio,       pointers(options.argv), pointers(options.env), std::move(groups), change,
        ::getpid(), report.get()};
    Process process;
    process.pid = ::fork();
    if (process.pid < 0) return fail_errno("cannot start " + options.path, errno);
    if (process.pid == 0) become(prepared);

    theirs.reset();
    report.reset();
    Result<UniqueFd> pidfd = open_pidfd(process.pid);
    int code = 0;
    ssize_t n = 0;
    while ((n = ::read(ours.get(), &code, sizeof code)) < 0 && errno == EINTR) {
    }
    if (n == static_cast<ssize_t>(sizeof code)) {
        ::waitpid(process.pid, nullptr, 0);
        return fail_errno("cannot start " + options.path, code);
    }
    if (!pidfd) return tl::unexpected(pidfd.error());
    process.pidfd = std::move(*pidfd);
    return process;
}

}  // namespace drover::os
