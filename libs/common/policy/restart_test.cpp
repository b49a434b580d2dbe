#include "policy/restart.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.hpp"

namespace drover::policy {
namespace {

using Kind = Verdict::Kind;

constexpr Instant kBegin{seconds(1'000'000).ns};

class Restart : public testing::Test {
   protected:
    Restart() {
        status.window_start = kBegin;
        status.incarnation = "0123456789abcdef";
    }

    Verdict exited(std::int32_t code, Instant at = kBegin) {
        wire::ExitRecord exit;
        exit.code = code;
        return judge(status, {policy, on_success}, {exit, true}, at);
    }
    Verdict failed_to_start(bool recoverable) {
        return judge(status, {policy, on_success}, {std::nullopt, recoverable}, kBegin);
    }

    wire::TaskStatus status;
    wire::RestartPolicy policy;
    bool on_success = true;
};

TEST_F(Restart, KilledGoesBeforeEverything) {
    status.killed = true;
    status.restarting = true;
    EXPECT_EQ(exited(1).kind, Kind::killed);
    EXPECT_EQ(status.attempts, 0u);
}

TEST_F(Restart, OneThatAUserAskedForIsImmediateAndNotCounted) {
    status.restarting = true;
    const Verdict verdict = exited(130);
    EXPECT_EQ(verdict.kind, Kind::restarting);
    EXPECT_EQ(verdict.delay, Duration{});
    EXPECT_EQ(verdict.reason, "");
    EXPECT_EQ(status.attempts, 0u);
    EXPECT_FALSE(status.restarting) << "the next end is judged by the policy again";
}

TEST_F(Restart, WithoutAttemptsAServiceFailsWhateverItsExit) {
    policy.attempts = 0;
    const Verdict verdict = exited(0);
    EXPECT_EQ(verdict.kind, Kind::not_restarting);
    EXPECT_EQ(verdict.reason, "Policy allows no restarts");
}

TEST_F(Restart, WithoutAttemptsABatchTaskMaySucceed) {
    policy.attempts = 0;
    on_success = false;
    EXPECT_EQ(exited(0).kind, Kind::terminated);
    EXPECT_EQ(exited(1).kind, Kind::not_restarting);
}

TEST_F(Restart, ABatchTaskThatSucceededIsDone) {
    on_success = false;
    EXPECT_EQ(exited(0).kind, Kind::terminated);
}

TEST_F(Restart, AServiceIsRestartedAlsoAfterSuccess) { EXPECT_EQ(exited(0).kind, Kind::restarting); }

TEST_F(Restart, OutOfMemoryIsNoSuccess) {
    on_success = false;
    wire::ExitRecord exit;
    exit.oom = true;
    EXPECT_EQ(judge(status, {policy, on_success}, {exit, true}, kBegin).kind, Kind::restarting);
}

TEST_F(Restart, AllowsAsManyAttemptsAsThePolicySays) {
    EXPECT_EQ(exited(1).reason, kWithinPolicy);
    EXPECT_EQ(exited(1).kind, Kind::restarting);
    const Verdict verdict = exited(1);
    EXPECT_EQ(verdict.kind, Kind::not_restarting);
    EXPECT_EQ(verdict.reason, "Exceeded allowed attempts 2 in interval 30m and mode is \"fail\"");
}

TEST_F(Restart, ANewWindowAllowsAllAttemptsAgain) {
    exited(1);
    exited(1);
    const Instant later = kBegin + policy.interval + seconds(1);
    EXPECT_EQ(exited(1, later).kind, Kind::restarting);
    EXPECT_EQ(exited(1, later).kind, Kind::restarting);
    EXPECT_EQ(exited(1, later).kind, Kind::not_restarting);
}

TEST_F(Restart, ModeDelayWaitsForTheRestOfTheWindow) {
    policy.mode = wire::RestartMode::delay;
    exited(1);
    exited(1);
    const Verdict verdict = exited(1, kBegin + minutes(10));
    EXPECT_EQ(verdict.kind, Kind::restarting);
    EXPECT_EQ(verdict.reason, "Exceeded allowed attempts, applying a delay");
    EXPECT_EQ(verdict.delay, minutes(20) + milliseconds(1));
    exited(1, kBegin + minutes(10) + verdict.delay);
    EXPECT_EQ(status.attempts, 1u) << "then the window is a new one";
}

TEST_F(Restart, AnUnrecoverableStartErrorIsFinal) {
    const Verdict verdict = failed_to_start(false);
    EXPECT_EQ(verdict.kind, Kind::not_restarting);
    EXPECT_EQ(verdict.reason, "Error was unrecoverable");
}

TEST_F(Restart, ARecoverableStartErrorCounts) {
    EXPECT_EQ(failed_to_start(true).kind, Kind::restarting);
    EXPECT_EQ(status.attempts, 1u);
}

TEST_F(Restart, TheDelayIsUpToAQuarterLongerAndAlwaysTheSameForAnIncarnation) {
    policy.attempts = 1000;
    bool differs = false;
    for (int i = 0; i < 200; ++i) {
        status.incarnation = "incarnation " + std::to_string(i);
        const Duration first = exited(1).delay;
        EXPECT_EQ(exited(1).delay, first);
        EXPECT_GE(first, policy.delay);
        EXPECT_LT(first, policy.delay + policy.delay / 4);
        differs |= first != exited(1).delay || first.ms() != policy.delay.ms();
    }
    EXPECT_TRUE(differs);
}

TEST_F(Restart, BacksOffByTheFactorUpToTheLongestDelay) {
    policy = {.attempts = 100, .interval = hours(24), .delay = seconds(1), .factor = 2, .max_delay = seconds(5)};
    for (const std::int64_t base : {1, 2, 4, 5, 5, 5}) {
        const Duration delay = exited(1).delay;
        EXPECT_GE(delay, seconds(base));
        EXPECT_LE(delay, seconds(base) + seconds(base) / kJitterPart);
    }
}

TEST_F(Restart, ALongRunEndsTheRowOfFailures) {
    policy = {.attempts = 100, .interval = hours(24), .delay = seconds(1), .factor = 10, .reset_after = minutes(1)};
    exited(1);
    exited(1);
    status.started_at = kBegin;
    EXPECT_LT(exited(1, kBegin + minutes(2)).delay, seconds(2));
    EXPECT_GE(exited(1, kBegin + minutes(2)).delay, seconds(1)) << "and this run was as long";
    status.started_at = kBegin + minutes(2);
    EXPECT_GE(exited(1, kBegin + minutes(2) + seconds(1)).delay, seconds(10));
}

TEST_F(Restart, ABackOffNeverOverflows) {
    policy = {
        .attempts = 10'000, .interval = hours(24 * 366), .delay = hours(24), .factor = 1000, .max_delay = hours(48)};
    for (int i = 0; i < 10'000; ++i) {
        const Duration delay = exited(1).delay;
        ASSERT_GT(delay, Duration{});
        ASSERT_LE(delay, hours(60));
    }
}

TEST_F(Restart, NoCrashTraceGetsMoreAttemptsThanAllowedOrDelaysOutOfBounds) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        auto draw = [&seed, n = std::uint64_t{0}](std::uint64_t below) mutable {
            return stable_hash(std::to_string(seed), ++n) % below;
        };
        policy = {.attempts = static_cast<std::uint32_t>(draw(5)),
                  .interval = seconds(static_cast<std::int64_t>(5 + draw(600))),
                  .delay = milliseconds(static_cast<std::int64_t>(draw(20'000))),
                  .mode = draw(2) == 0 ? wire::RestartMode::fail : wire::RestartMode::delay,
                  .factor = 1 + static_cast<double>(draw(4)),
                  .max_delay = seconds(static_cast<std::int64_t>(draw(60)))};
        if (policy.attempts == 0) policy.mode = wire::RestartMode::fail;
        status = {};
        status.window_start = kBegin;
        Instant now = kBegin;
        std::uint32_t in_window = 0;
        Instant window = kBegin;
        for (int run = 0; run < 40; ++run) {
            status.incarnation = std::to_string(seed * 100 + static_cast<std::uint64_t>(run));
            status.started_at = now;
            now = now + milliseconds(static_cast<std::int64_t>(draw(30'000)));
            const Verdict verdict = exited(1, now);
            if (now > window + policy.interval) {
                window = now;
                in_window = 0;
            }
            if (verdict.kind != Kind::restarting) break;
            if (verdict.reason == kWithinPolicy) {
                ASSERT_LE(++in_window, policy.attempts) << "seed " << seed;
                const Duration longest = std::max(policy.delay, policy.max_delay);
                ASSERT_LE(verdict.delay, longest + longest / kJitterPart + milliseconds(1)) << "seed " << seed;
                ASSERT_GE(verdict.delay, policy.delay) << "seed " << seed;
            } else {
                ASSERT_GT(now + verdict.delay, window + policy.interval) << "seed " << seed;
            }
            now = now + verdict.delay;
        }
    }
}

TEST_F(Restart, ALifecycleDecidesWhetherSuccessIsFollowedByARestart) {
    const wire::GroupSpec group;
    wire::TaskSpec task;
    const auto restarts = [&](wire::JobType type, wire::Hook hook, bool sidecar) {
        task.lifecycle = {hook, sidecar};
        return rules_of(type, group, task).on_success;
    };
    for (const wire::JobType type : {wire::JobType::service, wire::JobType::batch}) {
        EXPECT_EQ(restarts(type, wire::Hook::main, false), type == wire::JobType::service);
        EXPECT_FALSE(restarts(type, wire::Hook::prestart, false));
        EXPECT_TRUE(restarts(type, wire::Hook::prestart, true));
        EXPECT_FALSE(restarts(type, wire::Hook::poststart, false));
        EXPECT_TRUE(restarts(type, wire::Hook::poststart, true));
        EXPECT_FALSE(restarts(type, wire::Hook::poststop, false));
    }
}

TEST_F(Restart, NoDelayIsAlmostNone) {
    policy.delay = {};
    EXPECT_EQ(exited(1).delay, nanoseconds(1));
}

}  // namespace
}  // namespace drover::policy
