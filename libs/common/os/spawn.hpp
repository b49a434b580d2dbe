// Starting programs from a process of any size: posix_spawn has vfork semantics, so the cost does not grow with the
// parent's memory.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "os/user.hpp"

namespace drover::os {

struct SpawnOptions {
    std::string path;  // of the program, absolute or relative to work_dir; PATH is not searched
    std::vector<std::string> argv;
    std::vector<std::string> env;          // "NAME=value", the whole environment
    std::vector<std::pair<int, int>> fds;  // ours -> the program's number, in this order
    std::string work_dir;                  // empty: ours
    bool new_session = false;              // out of our session and away from our terminal

    // With any of these the cost does grow with our memory, since posix_spawn cannot do them.
    std::optional<User> user;              // whom to run as; another than ours needs root
    bool dies_with_us = false;             // SIGKILL to it, not to its children, when the thread that started it ends
    std::vector<std::string> groups = {};  // control groups to begin in (cgroup.hpp); one that it cannot is an error
};

struct Process {
    pid_t pid = 0;
    UniqueFd pidfd;  // readable once the process has ended; then reap it
};

enum class Stdio { inherit, null };

// Starts the program with an empty signal mask and default dispositions. It gets standard input, output and error by
// `stdio`, then the descriptors of `fds`; all others are closed. The caller reaps the process (pidfd.hpp).
Result<Process> spawn(const SpawnOptions& options, Stdio stdio);

}  // namespace drover::os
