// Descriptors that name one process for good: pids are reused, pidfds are not.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace drover::os {

// Needs Linux 5.3. A pid that may have been reused has to be checked after this (proc.hpp, start_time).
Result<UniqueFd> open_pidfd(pid_t pid);

// Has the process ended? Waits at most `limit` for it. Also for processes that are not our children.
bool wait_exited(int pidfd, Duration limit);

struct ExitStatus {
    int code = 0;    // 128 + signal when signalled
    int signal = 0;  // 0: exited by itself
};

// The status of an ended child, which is gone afterwards; nothing when it still runs or is not our child.
std::optional<ExitStatus> reap(int pidfd);

Result<void> send_signal(int pidfd, int signal);

}  // namespace drover::os
