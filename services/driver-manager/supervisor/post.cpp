#include "driver-manager/supervisor/post.hpp"

#include <cstdio>

#include "os/pidfd.hpp"
#include "os/proc.hpp"
#include "shim/text.hpp"

namespace drover::supervisor {

Post::Post(shim::StatusFile& status, shim::Control& control) : status_(status), control_(control) {
    // One that was asked to stop is asked again by whoever wanted it.
    status_.record.stop_requested = 0;
}

void Post::publish() {
    shim::save_status(&status_, false);
    shim::tell_all(&control_, status_.record);
}

void Post::waits_for(const std::string& sentence) {
    ShimStatus& record = status_.record;
    if (sentence == record.error) return;
    std::snprintf(record.error, sizeof record.error, "%s", sentence.c_str());
    publish();
}

bool Post::begin_stop() {
    if (status_.record.stop_requested != 0 || finished_) return false;
    status_.record.stop_requested = 1;
    return true;
}

bool Post::signal_applied(std::uint64_t order, int error) {
    if (order <= status_.record.signals_applied || finished_) return false;
    status_.record.signals_applied = order;
    status_.record.signal_errno = error;
    publish();
    return true;
}

void Post::finish(ShimPhase phase, std::uint64_t lost_bytes) {
    ShimStatus& record = status_.record;
    record.phase = phase;
    if (record.finished_at == 0) record.finished_at = shim::wall_ns();
    record.lost_bytes = lost_bytes;
    shim::save_status(&status_, true);
    finished_ = true;
}

void Post::fail_start(const std::string& sentence, bool recoverable) {
    std::snprintf(status_.record.error, sizeof status_.record.error, "%s", sentence.c_str());
    status_.record.recoverable = recoverable;
    finish(SHIM_START_FAILED, 0);
}

bool signal_exactly(pid_t pid, std::uint64_t start, int number) {
    const auto pidfd = os::open_pidfd(pid);
    if (!pidfd) return false;
    const auto now = os::read_proc(pid);
    return now && now->start_time == start && os::send_signal(pidfd->get(), number);
}

}  // namespace drover::supervisor
