#include "state-store/core/leases.hpp"

#include <gtest/gtest.h>

#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

Instant at(std::int64_t ms) { return kNow + milliseconds(ms); }

TEST(Leases, AnAllocRunnerIsAMemberAtItsFirstWord) {
    Leases leases({}, true, kNow);
    EXPECT_TRUE(leases.members().alloc_runners.empty());
    const std::uint64_t before = leases.generation();
    EXPECT_TRUE(leases.heard("ar-0", "b1", at(0)));
    EXPECT_EQ(leases.generation(), before + 1);
    EXPECT_EQ(leases.members().alloc_runners, (std::vector<wire::Member>{{"ar-0", "b1"}}));
    EXPECT_FALSE(leases.heard("ar-0", "b1", at(1000)));
    EXPECT_TRUE(leases.heard("ar-1", "c1", at(1000)));
    EXPECT_EQ(leases.generation(), before + 2);
}

TEST(Leases, ALeaseLapsesAfterThreeSecondsOfSilence) {
    Leases leases({}, true, kNow);
    leases.heard("ar-0", "b1", at(0));
    leases.heard("ar-1", "c1", at(500));
    EXPECT_EQ(leases.next_expiry(), at(3000));
    EXPECT_FALSE(leases.expire(at(2999)));
    const std::uint64_t before = leases.generation();
    EXPECT_TRUE(leases.expire(at(3000)));
    EXPECT_EQ(leases.generation(), before + 1);
    EXPECT_EQ(leases.members().alloc_runners, (std::vector<wire::Member>{{"ar-1", "c1"}}));
    // It was only slow: the same boot comes back under a new generation.
    EXPECT_TRUE(leases.heard("ar-0", "b1", at(3500)));
    EXPECT_EQ(leases.generation(), before + 2);
}

TEST(Leases, ANewBootReplacesTheOldOneAtOnceAndForGood) {
    Leases leases({}, true, kNow);
    leases.heard("ar-0", "b1", at(0));
    const std::uint64_t before = leases.generation();
    EXPECT_TRUE(leases.heard("ar-0", "b2", at(100)));
    EXPECT_EQ(leases.generation(), before + 1);
    EXPECT_FALSE(leases.heard("ar-0", "b1", at(200)));
    EXPECT_EQ(leases.members().alloc_runners, (std::vector<wire::Member>{{"ar-0", "b2"}}));
}

TEST(Leases, WhoLeavesGivesItsLeaseUpAtOnce) {
    Leases leases({}, true, kNow);
    leases.heard("ar-0", "b1", at(0));
    const std::uint64_t before = leases.generation();
    EXPECT_TRUE(leases.left("ar-0", "b1"));
    EXPECT_EQ(leases.generation(), before + 1);
    EXPECT_TRUE(leases.members().alloc_runners.empty());
    EXPECT_FALSE(leases.heard("ar-0", "b1", at(10)));
    EXPECT_FALSE(leases.left("ar-0", "b1"));
    EXPECT_EQ(leases.next_expiry(), kNever);
}

TEST(Leases, AGoodbyeOfAnEarlierBootTakesNothingAway) {
    Leases leases({}, true, kNow);
    leases.heard("ar-0", "b1", at(0));
    leases.heard("ar-0", "b2", at(10));
    EXPECT_FALSE(leases.left("ar-0", "b1"));
    EXPECT_EQ(leases.members().alloc_runners.size(), 1U);
}

TEST(Leases, AfterARestartNobodyIsTakenAwayForOneTtl) {
    const wire::Members members{
        .generation = 7, .alloc_runners = {{"ar-0", "b1"}, {"ar-1", "c1"}}, .complete_since = {}};
    Leases leases(members, false, kNow);
    EXPECT_EQ(leases.members(), members);
    EXPECT_FALSE(leases.heard("ar-0", "b1", at(100)));
    EXPECT_EQ(leases.generation(), 7U);
    EXPECT_TRUE(leases.heard("ar-1", "c2", at(200)));
    EXPECT_EQ(leases.generation(), 8U);
    EXPECT_FALSE(leases.expire(at(2999)));
    EXPECT_TRUE(leases.expire(at(3100)));
}

TEST(Leases, AStoreThatLostItsMemoryBeginsAboveEveryEarlierGeneration) {
    EXPECT_EQ(Leases({}, true, kNow).generation(), 1'000'000U);
    EXPECT_EQ(Leases({.generation = 999'999, .alloc_runners = {}, .complete_since = {}}, true, kNow).generation(),
              1'000'000U);
    EXPECT_EQ(Leases({.generation = 2'000'000, .alloc_runners = {}, .complete_since = {}}, true, kNow).generation(),
              2'000'001U);
}

TEST(Leases, AnAllocRunnerWhoseDeadPredecessorIsHeardAfterItIsAMemberAgainInTime) {
    Leases leases({}, true, kNow);
    leases.heard("ar-0", "new", at(0));
    EXPECT_TRUE(leases.heard("ar-0", "old", at(10))) << "which of the two is the newer one cannot be known";
    EXPECT_FALSE(leases.heard("ar-0", "new", at(1000)));
    EXPECT_TRUE(leases.expire(at(3010)));
    EXPECT_TRUE(leases.heard("ar-0", "new", at(3500)));
    EXPECT_EQ(leases.members().alloc_runners, (std::vector<wire::Member>{{"ar-0", "new"}}));
    EXPECT_FALSE(leases.heard("ar-0", "new", at(4000)));
}

}  // namespace
}  // namespace drover::store
