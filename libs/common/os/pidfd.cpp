#include "os/pidfd.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace drover::os {

namespace {
// glibc 2.36 knows P_PIDFD, older headers do not.
constexpr idtype_t kPidfd = static_cast<idtype_t>(3);
}  // namespace

// The system calls are made directly: <sys/pidfd.h> of glibc 2.36 lacks extern "C".
Result<UniqueFd> open_pidfd(pid_t pid) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd.valid()) return fail_errno("cannot open process " + std::to_string(pid), errno);
    return fd;
}

bool wait_exited(int pidfd, Duration limit) {
    pollfd p{pidfd, POLLIN, 0};
    const auto ms = static_cast<int>(std::clamp<std::int64_t>(limit.ms(), 0, 3'600'000));
    return ::poll(&p, 1, ms) == 1 && (p.revents & POLLIN) != 0;
}

std::optional<ExitStatus> reap(int pidfd) {
    siginfo_t info{};
    if (::waitid(kPidfd, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return {};
    if (info.si_code == CLD_EXITED) return ExitStatus{info.si_status, 0};
    return ExitStatus{128 + info.si_status, info.si_status};
}

Result<void> send_signal(int pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0) {
        return fail_errno("cannot send signal " + std::to_string(signal), errno);
    }
    return {};
}

}  // namespace drover::os
