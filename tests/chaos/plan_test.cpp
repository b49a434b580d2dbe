#include "plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace drover::chaos {
namespace {

TEST(Plan, TheSameSeedGivesTheSameBlowsAtTheSameTimes) {
    Random one(7), same(7), other(8);
    const auto blows = plan_storm(one, seconds(20));
    EXPECT_EQ(blows, plan_storm(same, seconds(20)));
    EXPECT_NE(blows, plan_storm(other, seconds(20)));
    EXPECT_NE(blows, plan_storm(one, seconds(20))) << "the next storm is another one";
}

TEST(Plan, EveryFaultComesAndEndsInTime) {
    std::set<Fault> came;
    Random random(1);
    for (int storm = 0; storm < 20; ++storm) {
        const auto blows = plan_storm(random, seconds(20));
        EXPECT_TRUE(
            std::is_sorted(blows.begin(), blows.end(), [](const Blow& a, const Blow& b) { return a.at < b.at; }));
        for (const Blow& blow : blows) {
            came.insert(blow.fault);
            EXPECT_LT(blow.at, seconds(20));
            EXPECT_LE(blow.lasts, seconds(6));
        }
    }
    EXPECT_EQ(came.size(), std::size(kFaults));
}

}  // namespace
}  // namespace drover::chaos
