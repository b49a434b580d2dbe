// The processes of a task that somebody else has started.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace drover::external {

// SIGKILL to the process `pid` that began at `start`, to what descends from it and to what is in its session. True when
// there was something left to kill.
bool kill_session(pid_t pid, std::uint64_t start);

}  // namespace drover::external
