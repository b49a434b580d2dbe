#include "alloc-runner/core/restart.hpp"

#include <utility>

#include "base/hash.hpp"

namespace drover::alloc_runner {
namespace {

using Kind = Verdict::Kind;

// From the policy's delay up to a quarter more, so that the tasks of a failing job do not return in step; in whole
// milliseconds, because people read it.
Duration jittered(Duration delay, const std::string& incarnation) {
    if (delay.ns <= 0) return nanoseconds(1);
    const auto spread = stable_hash(incarnation, 1) % static_cast<std::uint64_t>(delay.ns);
    return delay + milliseconds(nanoseconds(static_cast<std::int64_t>(spread / 4)).ms());
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

Verdict judge(wire::TaskStatus& status, const wire::RestartPolicy& policy, wire::JobType type, const Ending& ending,
              Instant at) {
    const bool triggered = std::exchange(status.restarting, false);
    const bool on_success = type == wire::JobType::service;
    const bool done = !on_success && ending.exit && ending.exit->successful();
    if (status.killed) return {Kind::killed, "", {}};
    if (triggered) return {Kind::restarting, "", {}};
    if (policy.attempts == 0)
        return done ? Verdict{Kind::terminated, "", {}}
                    : Verdict{Kind::not_restarting, "Policy allows no restarts", {}};

    count_attempt(status, policy.interval, at);
    if (!ending.exit && !ending.recoverable) return {Kind::not_restarting, "Error was unrecoverable", {}};
    if (done) return {Kind::terminated, "Restart unnecessary as task terminated successfully", {}};
    if (status.attempts <= policy.attempts)
        return {Kind::restarting, std::string(kWithinPolicy), jittered(policy.delay, status.incarnation)};
    if (policy.mode == wire::RestartMode::delay) {
        const Duration rest = status.window_start + policy.interval - at;
        return {Kind::restarting, "Exceeded allowed attempts, applying a delay", milliseconds(rest.ms() + 1)};
    }
    return {Kind::not_restarting,
            "Exceeded allowed attempts " + std::to_string(policy.attempts) + " in interval " +
                to_string(policy.interval) + " and mode is \"fail\"",
            {}};
}

}  // namespace drover::alloc_runner
