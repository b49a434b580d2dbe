// Starting the task's main process.
#pragma once

#include "spec.hpp"

namespace drover::shim {

struct StartError {
    const char* step = nullptr;  // "cannot execute"
    const char* object = "";
    int code = 0;
};

// Runs `argv` with ordinary signals; returns only when that fails, with the reason.
void exec_or_tell(char** argv, char** envp, StartError* error);

// Where a command without a slash is found along the PATH of `envp`, written to `out`; `command` itself when it has one
// or is found nowhere.
const char* find_program(const char* command, char* const* envp, char* out, size_t size);

// What the child gets; -1: nothing.
struct ChildFds {
    int out = -1;
    int err = -1;
    int report = -1;        // as SHIM_REPORT_FD
    int in = -1;            // /dev/null
    bool terminal = false;  // `in` is a terminal, which becomes that of the child's session
    bool tied = false;      // SIGKILL to it when the thread that starts it ends
};

// Fork and exec in a session of its own, as the user and in the control groups of the spec. The pid, or -1 with `error`
// set; then nothing is left to reap.
pid_t start_task(const Spec& spec, const ChildFds& fds, StartError* error);

// May another try succeed without anybody changing the job?
bool may_pass(int code);

}  // namespace drover::shim
