// Starting the task's main process.
#pragma once

#include "spec.hpp"

namespace drover::shim {

struct StartError {
    const char* step = nullptr;  // "cannot execute"
    const char* object = "";
    int code = 0;
};

// Fork and exec in a session of its own, as the user and in the control groups of the spec, with /dev/null as standard
// input and the given pipes as output. The pid, or -1 with `error` set; then nothing is left to reap.
pid_t start_task(const Spec& spec, int stdout_fd, int stderr_fd, StartError* error);

// May another try succeed without anybody changing the job?
bool may_pass(int code);

}  // namespace drover::shim
