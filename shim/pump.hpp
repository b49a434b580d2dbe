// Moves what the task writes from a pipe into its log.
#pragma once

#include "log.hpp"

namespace drover::shim {

struct Pump {
    int fd = -1;  // the end we read; -1 once the stream has ended
    uint64_t capacity = 64 << 10;
    bool busy = false;  // the last look found so much that waiting for more would make the task wait
    Log log;
};

// Makes the pipe. Returns the task's end, or -1 with errno.
int open_pump(Pump* pump);

// Reads until the pipe is empty or `limit` bytes were moved; how many were.
size_t drain(Pump* pump, size_t limit);

// Gives back the memory that draining uses; the next drain takes it again.
void shrink_pumps();

}  // namespace drover::shim
