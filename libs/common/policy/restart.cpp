#include "policy/restart.hpp"

#include <algorithm>
#include <utility>

#include "base/hash.hpp"

namespace drover::policy {
namespace {

using Kind = Verdict::Kind;

// The n-th failure in a row waits factor times as long as the one before, and never longer than the longest.
Duration backed_off(const wire::RestartPolicy& restart, std::uint32_t in_row) {
    const auto longest = static_cast<double>(std::max(restart.max_delay, restart.delay).ns);
    auto delay = static_cast<double>(restart.delay.ns);
    for (std::uint32_t i = 1; i < in_row && delay < longest && restart.factor > 1; ++i) delay *= restart.factor;
    return nanoseconds(static_cast<std::int64_t>(std::min(delay, longest)));
}

// Up to a quarter more, so that the tasks of a failing job do not return in step; in whole milliseconds, because people
// read it.
Duration jittered(Duration delay, const std::string& incarnation) {
    if (delay.ns <= 0) return nanoseconds(1);
    const auto spread = stable_hash(incarnation, 1) % static_cast<std::uint64_t>(delay.ns);
    return delay + milliseconds(nanoseconds(static_cast<std::int64_t>(spread) / kJitterPart).ms());
}

void count_failure_in_row(wire::TaskStatus& status, Duration reset_after, const Ending& ending, Instant at) {
    const bool ran_long = ending.exit && status.started_at.set() && at - status.started_at >= reset_after;
    status.failures_in_row = ran_long ? 1 : status.failures_in_row + 1;
}

// The window is looked at before the attempt is counted: the first failure of a new window is its first.
void count_attempt(wire::TaskStatus& status, Duration interval, Instant at) {
    if (at > status.window_start + interval) {
        status.attempts = 0;
        status.window_start = at;
    }
    ++status.attempts;
}

}  // namespace

Rules rules_of(wire::JobType type, const wire::GroupSpec& group, const wire::TaskSpec& task) {
    bool on_success = type == wire::JobType::service;
    switch (task.lifecycle.hook) {
        case wire::Hook::main: break;
        case wire::Hook::prestart:
        case wire::Hook::poststart: on_success = task.lifecycle.sidecar; break;
        case wire::Hook::poststop: on_success = false; break;
    }
    return {task.restart ? *task.restart : group.restart, on_success};
}

Verdict judge(wire::TaskStatus& status, const Rules& rules, const Ending& ending, Instant at) {
    const wire::RestartPolicy& restart = rules.restart;
    const bool triggered = std::exchange(status.restarting, false);
    const bool done = !rules.on_success && ending.exit && ending.exit->successful();
    if (status.killed) return {Kind::killed, "", {}};
    if (triggered) return {Kind::restarting, "", {}};
    if (restart.attempts == 0)
        return done ? Verdict{Kind::terminated, "", {}}
                    : Verdict{Kind::not_restarting, "Policy allows no restarts", {}};

    count_attempt(status, restart.interval, at);
    if (!ending.exit && !ending.recoverable) return {Kind::not_restarting, "Error was unrecoverable", {}};
    if (done) return {Kind::terminated, "Restart unnecessary as task terminated successfully", {}};
    count_failure_in_row(status, restart.reset_after, ending, at);
    if (status.attempts <= restart.attempts) {
        const Duration delay = backed_off(restart, status.failures_in_row);
        return {Kind::restarting, std::string(kWithinPolicy), jittered(delay, status.incarnation)};
    }
    if (restart.mode == wire::RestartMode::delay) {
        const Duration rest = status.window_start + restart.interval - at;
        return {Kind::restarting, "Exceeded allowed attempts, applying a delay", milliseconds(rest.ms() + 1)};
    }
    return {Kind::not_restarting,
            "Exceeded allowed attempts " + std::to_string(restart.attempts) + " in interval " +
                to_string(restart.interval) + " and mode is \"fail\"",
            {}};
}

}  // namespace drover::policy
