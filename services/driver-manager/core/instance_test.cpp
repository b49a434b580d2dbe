#include "driver-manager/core/instance.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace drover::driver_manager {
namespace {

using Act = Instance::Act;

constexpr Instant kNow{1'000'000'000'000};
constexpr Duration kPeriod = seconds(5);
const wire::DriverInfo kHealthy{true, true, "Healthy"};

// A shell under virtual time, whose driver does as the test says.
class InstanceTest : public testing::Test {
   protected:
    // Everything that is wanted now.
    std::vector<Act> acts() {
        std::vector<Act> out;
        for (Act act = instance.next(now); act != Act::none; act = instance.next(now)) out.push_back(act);
        return out;
    }
    // Goes to when something is due.
    Duration sleep() {
        const Instant before = now;
        now = std::max(now, instance.wake_at());
        return now - before;
    }
    void come_up() {
        EXPECT_EQ(acts(), std::vector{Act::dispense});
        instance.told(now, kHealthy);
    }

    Instant now = kNow;
    Instance instance{kPeriod};
};

TEST_F(InstanceTest, NothingIsDispensedBeforeItIsNeeded) {
    EXPECT_EQ(instance.state(), InstanceState::idle);
    EXPECT_FALSE(instance.known());
    EXPECT_FALSE(instance.info().detected);
    come_up();
    EXPECT_EQ(instance.info(), kHealthy);
    EXPECT_TRUE(instance.known());
}

TEST_F(InstanceTest, ADriverIsAskedAgainAndAgainHowItIs) {
    come_up();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(sleep(), kPeriod);
        EXPECT_EQ(acts(), std::vector{Act::ask});
        instance.told(now, kHealthy);
    }
}

TEST_F(InstanceTest, OneThatIsSilentIsDroppedAndDispensedAnewAtOnce) {
    come_up();
    sleep();
    EXPECT_EQ(acts(), std::vector{Act::ask});
    EXPECT_EQ(sleep(), Instance::kPatience);
    EXPECT_EQ(acts(), (std::vector{Act::drop, Act::dispense}));
    EXPECT_TRUE(instance.info().detected) << "it has been there";
    EXPECT_FALSE(instance.info().healthy);
    EXPECT_EQ(instance.info().description, "has not answered for 10s");
    instance.told(now, kHealthy);
    EXPECT_EQ(instance.info(), kHealthy);
}

TEST_F(InstanceTest, OneThatFailsAgainAndAgainIsTriedAfterFiveSecondsDoublingToTwoMinutes) {
    EXPECT_EQ(acts(), std::vector{Act::dispense});
    instance.broke(now, "no such program");
    EXPECT_EQ(sleep(), Duration{}) << "the first time at once";
    for (const int pause : {5, 10, 20, 40, 80, 120, 120, 120}) {
        EXPECT_EQ(acts(), std::vector{Act::dispense});
        instance.broke(now, "no such program");
        EXPECT_EQ(sleep(), seconds(pause));
    }
    EXPECT_FALSE(instance.info().detected) << "it never was there";
    EXPECT_EQ(instance.info().description, "no such program");
}

TEST_F(InstanceTest, OneThatDiesSoonAfterEachStartIsNotStartedInARow) {
    come_up();
    now = now + seconds(1);
    instance.broke(now, "died");
    come_up();
    now = now + seconds(1);
    instance.broke(now, "died");
    EXPECT_EQ(sleep(), Failures::kFirstPause);
    come_up();
    now = now + Instance::kSettled;
    instance.broke(now, "died");
    EXPECT_EQ(sleep(), Duration{}) << "after a good while the row is over";
}

TEST_F(InstanceTest, OneThatCannotBeReachedIsGivenUpInTime) {
    EXPECT_EQ(acts(), std::vector{Act::dispense});
    EXPECT_EQ(sleep(), Instance::kPatience);
    EXPECT_EQ(acts(), (std::vector{Act::drop, Act::dispense}));
}

TEST_F(InstanceTest, AForbiddenOneIsNeverDispensedAndSaysWhy) {
    instance = Instance(kPeriod, "forbidden on this node: drivers_block names it");
    EXPECT_EQ(acts(), std::vector<Act>{});
    EXPECT_EQ(instance.wake_at(), kNever);
    instance.told(now, kHealthy);
    EXPECT_FALSE(instance.info().detected || instance.info().healthy);
    EXPECT_EQ(instance.info().description, "forbidden on this node: drivers_block names it");
    EXPECT_TRUE(instance.known());
}

TEST_F(InstanceTest, OneThatWorkedAndNoLongerDoesIsUnhealthyUntilItWorksAgain) {
    EXPECT_EQ(acts(), std::vector{Act::dispense});
    instance.told(now, {false, false, "not installed"});
    EXPECT_FALSE(instance.info().detected) << "it has never been there";
    instance.told(now, kHealthy);
    instance.told(now, {false, false, "not installed"});
    EXPECT_EQ(instance.info(), (wire::DriverInfo{true, false, "not installed"}));
    instance.told(now, kHealthy);
    EXPECT_EQ(instance.info(), kHealthy);
}

// Whatever happens in whatever order: no act comes sooner than it may, every declared edge is taken, and the pauses
// never leave their bounds.
TEST(InstanceRandom, KeepsItsPromisesWhateverHappens) {
    std::set<std::pair<InstanceState, InstanceState>> taken;
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        Instance instance(kPeriod);
        Instant now = kNow;
        std::vector<Instant> dispensed;
        for (int step = 0; step < 300; ++step) {
            const InstanceState before = instance.state();
            switch (random() % 5) {
                case 0: instance.told(now, kHealthy); break;
                case 1: instance.broke(now, "died"); break;
                case 2: now = now + milliseconds(random() % 20'000); break;
                default:
                    if (instance.next(now) == Act::dispense) dispensed.push_back(now);
                    if (instance.state() != InstanceState::idle) {
                        EXPECT_LE(instance.wake_at() - now, Failures::kLongestPause);
                    }
            }
            if (before != instance.state()) taken.emplace(before, instance.state());
        }
        // Two in a row may follow at once, the third has to wait.
        for (std::size_t i = 2; i < dispensed.size(); ++i)
            EXPECT_GE(dispensed[i] - dispensed[i - 2], Failures::kFirstPause) << "seed " << seed;
    }
    for (const auto& edge : kInstanceEdges)
        EXPECT_TRUE(taken.contains({edge.from, edge.to})) << to_string(edge.from) << " -> " << to_string(edge.to);
}

}  // namespace
}  // namespace drover::driver_manager
