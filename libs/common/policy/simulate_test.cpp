#include "policy/simulate.hpp"

#include <gtest/gtest.h>

namespace drover::policy {
namespace {

TEST(Simulate, EndsWhereThePolicyGivesUp) {
    const wire::RestartPolicy restart{.attempts = 2, .interval = minutes(30), .delay = seconds(10)};
    const auto attempts = simulate({restart, true}, {{seconds(1)}, 1}, 50);
    ASSERT_EQ(attempts.size(), 3u);
    EXPECT_EQ(attempts[0].starts, Duration{});
    EXPECT_GE(attempts[1].starts, seconds(11));
    EXPECT_EQ(attempts[1].starts, attempts[0].ran + attempts[0].verdict.delay);
    EXPECT_EQ(attempts[2].verdict.kind, Verdict::Kind::not_restarting);
}

TEST(Simulate, EndsWithTheFirstSuccessOfABatchTask) {
    const wire::RestartPolicy restart;
    const auto attempts = simulate({restart, false}, {{minutes(1)}, 0}, 50);
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_EQ(attempts[0].verdict.kind, Verdict::Kind::terminated);
}

TEST(Simulate, IsBoundedWhereThePolicyIsNot) {
    const wire::RestartPolicy restart{
        .attempts = 3, .interval = seconds(5), .delay = {}, .mode = wire::RestartMode::delay};
    EXPECT_EQ(simulate({restart, true}, {{milliseconds(1)}, 1}, 50).size(), 50u);
}

TEST(Simulate, TakesRunsInTurnAndRepeatsTheLast) {
    const wire::RestartPolicy restart{.attempts = 3, .interval = hours(10)};
    const auto attempts = simulate({restart, true}, {{seconds(1), seconds(7)}, 1}, 50);
    ASSERT_EQ(attempts.size(), 4u);
    EXPECT_EQ(attempts[0].ran, seconds(1));
    EXPECT_EQ(attempts[3].ran, seconds(7));
}

}  // namespace
}  // namespace drover::policy
