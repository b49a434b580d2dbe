#include "supervisor.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.hpp"
#include "child.hpp"
#include "isolated.hpp"
#include "report.hpp"
#include "text.hpp"
#include "tree.hpp"

namespace drover::shim {

namespace {

constexpr int64_t kMs = 1000000;
// What dies of a blow says so itself; the next blow is for what does not, and one of a crowd may take its time to die.
constexpr int64_t kFirstGap = 25 * kMs;
constexpr int64_t kLongestGap = 100 * kMs;
constexpr int64_t kGiveUp = 15000 * kMs;
constexpr int64_t kStartLimit = 30000 * kMs;
constexpr int64_t kDismissGap = 5 * kMs;
constexpr int64_t kQuiet = 500 * kMs;
constexpr size_t kFinalDrain = 4 << 20;

void publish(Supervisor* s) {
    save_status(&s->status, false);
    tell_all(&s->control, s->status.record);
}

void finish(Supervisor* s, ShimPhase phase) {
    ShimStatus* record = &s->status.record;
    record->phase = phase;
    record->finished_at = wall_ns();
    record->lost_bytes = s->pumps[0].log.lost_total + s->pumps[1].log.lost_total;
    save_status(&s->status, true);
    s->stage = Stage::done;
}

void start_killing(Supervisor* s) {
    if (s->stage == Stage::killing) return;
    s->stage = Stage::killing;
    s->start_by = s->dismiss_at = s->kill_at = kNever;
    s->strike_at = monotonic_ns();
    s->strike_gap = kFirstGap;
    s->give_up_at = s->strike_at + kGiveUp;
}

void send_stop(Supervisor* s, int signo) {
    const pid_t pid = s->status.record.task_pid;
    // The group includes the main process unless it has moved to another.
    kill(-pid, signo);
    if (getpgid(pid) != pid) kill(pid, signo);
}

void begin_running(Supervisor* s, pid_t main_pid) {
    ShimStatus* record = &s->status.record;
    s->stage = Stage::running;
    s->start_by = kNever;
    s->ran = true;
    record->phase = SHIM_RUNNING;
    record->started_at = wall_ns();
    record->task_pid = main_pid;
    record->task_start = start_time(main_pid);
    publish(s);
}

// The end of a pipe whose other end is pumped, or nothing that anybody reads.
int open_output(Supervisor* s, Pump* pump) {
    return s->spec.discards_output ? open("/dev/null", O_WRONLY | O_CLOEXEC) : open_pump(pump);
}

void start(Supervisor* s) {
    ShimStatus* record = &s->status.record;
    s->start_at = kNever;
    ChildFds fds;
    fds.out = open_output(s, &s->pumps[0]);
    fds.err = open_output(s, &s->pumps[1]);
    if (s->spec.isolated) fds.report = open_report(&s->report_fd);
    StartError error{"cannot make pipes for", s->spec.task, errno};
    const bool good = fds.out >= 0 && fds.err >= 0 && (!s->spec.isolated || fds.report >= 0);
    const pid_t pid = good ? start_task(s->spec, fds, &error) : -1;
    close(fds.out);
    close(fds.err);
    close(fds.report);
    munmap(s->pointers, s->pointer_bytes);
    if (pid < 0) {
        char sentence[sizeof record->error];
        snprintf(sentence, sizeof sentence, "%s %s: %s", error.step, error.object, strerror(error.code));
        record_start_failure(s, sentence, may_pass(error.code));
    } else if (s->spec.isolated) {
        s->stage = Stage::starting;
        s->runtime = pid;
        s->start_by = monotonic_ns() + kStartLimit;
    } else {
        s->child = pid;
        begin_running(s, pid);
    }
}

// What the runtime has left goes first.
void fail_start(Supervisor* s, bool recoverable) {
    s->status.record.recoverable = recoverable;
    start_killing(s);
}

void note_end(Supervisor* s, int status) {
    if (s->main_ended) return;
    ShimStatus* record = &s->status.record;
    s->main_ended = true;
    if (WIFSIGNALED(status)) record->exit_signal = WTERMSIG(status);
    record->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    // What the main process leaves behind goes with it.
    start_killing(s);
}

void note_start(Supervisor* s) {
    if (s->stage != Stage::starting) {
        // A stop has come in between.
        s->ran = true;
        s->status.record.started_at = wall_ns();
        return;
    }
    if (!limit_cpu(s->spec, s->status.record.error, sizeof s->status.record.error)) return fail_start(s, false);
    // The runtime's child is the first process, whose child is the main one, unless they have ended already.
    const pid_t first = any_child(s->runtime);
    const pid_t main_pid = first > 0 ? any_child(first) : 0;
    s->dismiss_at = monotonic_ns() + kDismissGap;
    begin_running(s, main_pid > 0 ? main_pid : s->runtime);
    if (s->status.record.stop_requested) send_stop(s, s->stop_signal);
}

// False when the first process of an isolated task has said nothing new.
bool hear(Supervisor* s) {
    if (s->report_fd < 0) return false;
    ShimStatus* record = &s->status.record;
    const Report report = next_report(s->report_fd);
    switch (report.said) {
        case Said::nothing: return false;
        case Said::started: note_start(s); break;
        case Said::ended: note_end(s, report.value); break;
        case Said::refused:
            memcpy(record->error, report.sentence, sizeof report.sentence);
            fail_start(s, may_pass(report.value));
            break;
        case Said::gone:
            close(s->report_fd);
            s->report_fd = -1;
            // Nothing else ends the first process of a namespace.
            if (s->ran) note_end(s, SIGKILL);
            break;
    }
    return true;
}

void watch_start(Supervisor* s) {
    ShimStatus* record = &s->status.record;
    int status = 0;
    const bool over = s->stage == Stage::starting && waitpid(s->runtime, &status, WNOHANG) == s->runtime;
    while (hear(s)) continue;
    if (over) s->runtime = 0;
    if (s->stage != Stage::starting) return;
    if (over) {
        tell_refusal(status, record->error, sizeof record->error);
        fail_start(s, false);
    } else if (s->start_by <= monotonic_ns()) {
        const int seconds = static_cast<int>(kStartLimit / kMs / 1000);
        snprintf(record->error, sizeof record->error,
                 "the task could not be isolated within %d s; is the node overloaded?", seconds);
        fail_start(s, true);
    }
}

// Once the runtime has written down what it started it only waits, which is done here.
void dismiss_runtime(Supervisor* s) {
    const bool written = access(SHIM_PID_FILE, F_OK) == 0;
    s->dismiss_at = s->runtime > 0 && !written ? monotonic_ns() + kDismissGap : kNever;
    if (s->runtime > 0 && written) kill(s->runtime, SIGKILL);
}

// True when there are no children left.
bool reap(Supervisor* s) {
    while (true) {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid == 0) return false;
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) return true;
        if (pid == s->runtime) s->runtime = 0;
        if (pid == s->child && s->ran) note_end(s, status);
    }
}

void tell_oom(Supervisor* s) {
    ShimStatus* record = &s->status.record;
    MemoryUse use;
    record->oom = saw_oom(s->spec, &use);
    if (!record->oom) return;
    constexpr double kMib = 1 << 20;
    constexpr uint64_t kNoLimit = uint64_t{1} << 60;
    if (use.limit == 0 || use.limit > kNoLimit) {
        snprintf(record->error, sizeof record->error, "OOM Killed: the node has too little memory for its tasks");
    } else {
        snprintf(record->error, sizeof record->error, "OOM Killed: memory limit %.1fMiB, peak %.1fMiB",
                 static_cast<double>(use.limit) / kMib, static_cast<double>(use.peak) / kMib);
    }
}

void record_exit(Supervisor* s, bool tree_dead) {
    ShimStatus* record = &s->status.record;
    while (hear(s)) continue;
    for (Pump& pump : s->pumps) {
        drain(&pump, kFinalDrain);
        end_log(&pump.log);
    }
    if (s->ran && record->exit_code != 0) tell_oom(s);
    if (!tree_dead) {
        const int seconds = static_cast<int>(kGiveUp / kMs / 1000);
        snprintf(record->error, sizeof record->error,
                 "process %d of the task did not end within %d s of SIGKILL; it waits in the kernel, look at its stack",
                 static_cast<int>(any_child(getpid())), seconds);
        if (!s->main_ended) record->exit_code = -1;
    }
    if (s->ran && !*record->error && !record->stop_requested)
        snprintf(record->error, sizeof record->error, "%s", s->spec.exit_error);
    remove_cgroups(s->spec);
    if (s->ran) return finish(s, SHIM_EXITED);
    finish(s, *record->error ? SHIM_START_FAILED : SHIM_NEVER_STARTED);
}

void strike(Supervisor* s) {
    const bool groups_empty = strike_tree(s->spec);
    if (reap(s) && groups_empty) {
        record_exit(s, true);
    } else if (monotonic_ns() >= s->give_up_at) {
        record_exit(s, false);
    } else {
        s->strike_at = monotonic_ns() + s->strike_gap;
        s->strike_gap = s->strike_gap * 2 < kLongestGap ? s->strike_gap * 2 : kLongestGap;
    }
}

void apply_signal(Supervisor* s, uint64_t order, int signo) {
    ShimStatus* record = &s->status.record;
    if (order <= record->signals_applied) return;
    const bool alive = s->stage == Stage::running && !s->main_ended;
    record->signal_errno = ESRCH;
    if (alive) record->signal_errno = kill(record->task_pid, signo) == 0 ? 0 : errno;
    record->signals_applied = order;
    publish(s);
}

void answer(Supervisor* s, int client) {
    ShimRequest request;
    if (!next_request(&s->control, client, &request)) return;
    if (request.op == SHIM_OP_STOP) request_stop(s, request.signo, request.timeout_ns);
    if (request.op == SHIM_OP_SIGNAL) apply_signal(s, request.order, request.signo);
    if (s->stage != Stage::done && s->control.clients[client] >= 0) tell(&s->control, client, s->status.record);
}

// A short pause gathers many small writes into one read, which saves most of the cpu that pumping costs.
void drain_pumps(Supervisor* s) {
    s->drain_at = kNever;
    for (Pump& pump : s->pumps) drain(&pump, kFinalDrain);
    s->shrink_at = monotonic_ns() + kQuiet;
}

volatile sig_atomic_t g_term = 0;
void on_term(int) { g_term = 1; }
volatile sig_atomic_t g_child = 0;
void on_child(int) { g_child = 1; }

void install_handlers() {
    struct sigaction action {};
    action.sa_handler = on_term;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    action.sa_handler = on_child;
    sigaction(SIGCHLD, &action, nullptr);
}

int64_t earliest(const Supervisor& s) {
    const int64_t times[] = {s.start_at, s.start_by, s.dismiss_at, s.kill_at, s.strike_at, s.drain_at, s.shrink_at};
    int64_t when = kNever;
    for (const int64_t t : times) when = t < when ? t : when;
    return when;
}

constexpr int kOwnFds = 4;

struct Polled {
    pollfd fds[kOwnFds + kMaxClients];
};

void wait_for_events(Supervisor* s, Polled* polled) {
    polled->fds[0] = {s->control.listen_fd, POLLIN, 0};
    for (int i = 0; i < 2; ++i) {
        const bool wait = s->drain_at == kNever;
        polled->fds[1 + i] = {wait ? s->pumps[i].fd : -1, POLLIN, 0};
    }
    polled->fds[3] = {s->report_fd, POLLIN, 0};
    for (int i = 0; i < kMaxClients; ++i) polled->fds[kOwnFds + i] = {s->control.clients[i], POLLIN, 0};
    const int64_t when = earliest(*s);
    int64_t left = when == kNever ? 0 : when - monotonic_ns();
    if (left < 0) left = 0;
    const timespec timeout{static_cast<time_t>(left / 1000000000), static_cast<long>(left % 1000000000)};
    sigset_t none;
    sigemptyset(&none);
    // Signals are let in only here, so none is missed between looking and waiting.
    const int n = ppoll(polled->fds, kOwnFds + kMaxClients, when == kNever ? nullptr : &timeout, &none);
    for (pollfd& fd : polled->fds) {
        if (n <= 0) fd.revents = 0;
    }
}

void run_due(Supervisor* s) {
    const int64_t now = monotonic_ns();
    if (s->start_at <= now) start(s);
    if (s->dismiss_at <= now) dismiss_runtime(s);
    if (s->kill_at <= now) start_killing(s);
    if (s->drain_at <= now) drain_pumps(s);
    if (s->shrink_at <= now) {
        s->shrink_at = kNever;
        shrink_pumps();
    }
    if (s->stage == Stage::killing && s->strike_at <= now) strike(s);
}

void handle_events(Supervisor* s, const Polled& polled) {
    if (polled.fds[1].revents || polled.fds[2].revents) {
        s->drain_at = s->pumps[0].busy || s->pumps[1].busy ? 0 : monotonic_ns() + kMs;
    }
    for (int i = 0; i < kMaxClients && s->stage != Stage::done; ++i) {
        if (polled.fds[kOwnFds + i].revents) answer(s, i);
    }
    if (polled.fds[0].revents && s->stage != Stage::done) accept_client(&s->control, s->status.record);
}

}  // namespace

void record_start_failure(Supervisor* s, const char* sentence, bool recoverable) {
    ShimStatus* record = &s->status.record;
    snprintf(record->error, sizeof record->error, "%s", sentence);
    record->recoverable = recoverable;
    remove_cgroups(s->spec);
    finish(s, SHIM_START_FAILED);
}

void request_stop(Supervisor* s, int signo, int64_t timeout_ns) {
    ShimStatus* record = &s->status.record;
    if (record->stop_requested) return;
    record->stop_requested = 1;
    if (s->stage == Stage::delaying) {
        remove_cgroups(s->spec);
        finish(s, SHIM_NEVER_STARTED);
    }
    if (s->stage != Stage::running && s->stage != Stage::starting) return;
    if (timeout_ns > 0) {
        s->stop_signal = signo;
        if (s->stage == Stage::running) send_stop(s, signo);
        const int64_t now = monotonic_ns();
        s->kill_at = timeout_ns < kNever - now ? now + timeout_ns : kNever - 1;
    } else {
        start_killing(s);
    }
    publish(s);
}

void supervise(Supervisor* s) {
    install_handlers();
    s->start_by = s->dismiss_at = s->kill_at = s->strike_at = s->drain_at = s->shrink_at = kNever;
    s->start_at = monotonic_ns() + s->spec.start_delay_ns;
    if (s->spec.start_delay_ns > 0) tell_all(&s->control, s->status.record);
    while (s->stage != Stage::done) {
        Polled polled;
        wait_for_events(s, &polled);
        // Ending the supervisor from outside ends its task in the ordinary way.
        if (g_term) request_stop(s, SIGTERM, 5000 * kMs);
        if (s->stage == Stage::starting || s->stage == Stage::running) watch_start(s);
        if (s->stage == Stage::running) reap(s);
        // Something has died of the last blow: look at once whether that was all.
        if (s->stage == Stage::killing && g_child) s->strike_at = 0;
        g_child = 0;
        if (s->stage != Stage::done) handle_events(s, polled);
        if (s->stage != Stage::done) run_due(s);
    }
}

}  // namespace drover::shim
