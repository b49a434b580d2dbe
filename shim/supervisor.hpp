// The shim's one machine: wait out the delay, start, watch, stop, end the tree, record the end.
#pragma once

#include "control.hpp"
#include "pump.hpp"
#include "spec.hpp"
#include "status.hpp"

namespace drover::shim {

enum class Stage {
    delaying,  // before the start
    starting,  // the runtime of an isolated task is at work
    running,   // the main process lives, perhaps asked to stop
    killing,   // everything gets SIGKILL until nothing is left
    done,      // the end is on disk
};

struct Supervisor {
    Spec spec;
    void* pointers = nullptr;  // mapped memory of the spec's argv and envp, given back after the start
    size_t pointer_bytes = 0;
    StatusFile status;
    Control control;
    Pump pumps[2];
    Stage stage = Stage::delaying;
    pid_t child = 0;     // the main process, unless the task is isolated
    pid_t runtime = 0;   // of an isolated one, while it lives
    int report_fd = -1;  // from its first process
    bool ran = false;    // the task's program was started
    bool main_ended = false;
    // Monotonic nanoseconds; kNever when nothing is waited for.
    int64_t start_at = 0;
    int64_t start_by = 0;    // for the runtime
    int64_t dismiss_at = 0;  // of the runtime
    int64_t kill_at = 0;     // end of the time that a stopped task has
    int stop_signal = 0;     // for a task that was stopped while it was being started
    int64_t strike_at = 0;   // the next blow
    int64_t strike_gap = 0;
    int64_t give_up_at = 0;  // for what does not even die of SIGKILL
    int64_t drain_at = 0;
    int64_t shrink_at = 0;  // the output has been quiet by then
};

constexpr int64_t kNever = INT64_MAX;

// Returns once the end of the task is recorded. SIGCHLD, SIGTERM and SIGINT have to be blocked.
void supervise(Supervisor* s);

// Records that the task could not be started; final.
void record_start_failure(Supervisor* s, const char* sentence, bool recoverable);

// A request to stop: `signo` now, SIGKILL to everything after `timeout_ns`. Only the first counts.
void request_stop(Supervisor* s, int signo, int64_t timeout_ns);

}  // namespace drover::shim
