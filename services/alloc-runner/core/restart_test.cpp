#include "alloc-runner/core/restart.hpp"

#include <gtest/gtest.h>

namespace drover::alloc_runner {
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
        return judge(status, policy, type, {exit, true}, at);
    }
    Verdict failed_to_start(bool recoverable) {
        return judge(status, policy, type, {std::nullopt, recoverable}, kBegin);
    }

    wire::TaskStatus status;
    wire::RestartPolicy policy;
    wire::JobType type = wire::JobType::service;
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
    type = wire::JobType::batch;
    EXPECT_EQ(exited(0).kind, Kind::terminated);
    EXPECT_EQ(exited(1).kind, Kind::not_restarting);
}

TEST_F(Restart, ABatchTaskThatSucceededIsDone) {
    type = wire::JobType::batch;
    EXPECT_EQ(exited(0).kind, Kind::terminated);
}

TEST_F(Restart, AServiceIsRestartedAlsoAfterSuccess) { EXPECT_EQ(exited(0).kind, Kind::restarting); }

TEST_F(Restart, OutOfMemoryIsNoSuccess) {
    type = wire::JobType::batch;
    wire::ExitRecord exit;
    exit.oom = true;
    EXPECT_EQ(judge(status, policy, type, {exit, true}, kBegin).kind, Kind::restarting);
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

TEST_F(Restart, NoDelayIsAlmostNone) {
    policy.delay = {};
    EXPECT_EQ(exited(1).delay, nanoseconds(1));
}

}  // namespace
}  // namespace drover::alloc_runner
