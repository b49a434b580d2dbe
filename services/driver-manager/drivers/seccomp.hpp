// The system calls that isolated tasks may not make.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drover::drivers {

struct SyscallRule {
    std::vector<std::string> names;
    int error = 1;  // errno that the caller gets: EPERM
    // Only when (argument & mask) == value; argument -1: always.
    int argument = -1;
    std::uint64_t mask = 0;
    std::uint64_t value = 0;

    friend bool operator==(const SyscallRule&, const SyscallRule&) = default;
};

// For a task with these capabilities ("CAP_KILL"): one that may do something by its capabilities may make the calls for
// it. Everything else is allowed; calls of another architecture end the task.
std::vector<SyscallRule> refused_syscalls(const std::vector<std::string>& capabilities);

}  // namespace drover::drivers
