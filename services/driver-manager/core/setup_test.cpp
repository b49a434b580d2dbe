#include "driver-manager/core/setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::driver_manager {
namespace {

using testing::ElementsAre;
using wire::SetupKind;

Instant at(std::int64_t ms) { return Instant{} + milliseconds(ms); }

TEST(SetupCourse, ATaskGetsOnlyTheStepsItNeedsInTheirOrder) {
    wire::TaskSpec spec;
    EXPECT_THAT(setup_steps(spec), ElementsAre(SetupKind::directory));
    spec.templates.emplace_back();
    spec.artifacts.emplace_back();
    spec.payload_file = "input";
    EXPECT_THAT(setup_steps(spec),
                ElementsAre(SetupKind::directory, SetupKind::payload, SetupKind::artifacts, SetupKind::templates));
    spec.driver = "docker";
    spec.payload_file.clear();
    EXPECT_THAT(setup_steps(spec),
                ElementsAre(SetupKind::directory, SetupKind::artifacts, SetupKind::templates, SetupKind::artifacts))
        << "what a registry wants to see may be rendered";
    spec.templates.clear();
    EXPECT_THAT(setup_steps(spec), ElementsAre(SetupKind::directory, SetupKind::artifacts));
}

TEST(SetupCourse, StepsFollowOneAnotherAndSayHowLongTheyTook) {
    SetupCourse setup({SetupKind::directory, SetupKind::artifacts});
    EXPECT_EQ(setup.next(at(10)), SetupKind::directory);
    EXPECT_EQ(setup.next(at(11)), std::nullopt) << "one at a time";
    setup.end(at(15), {});
    EXPECT_FALSE(setup.succeeded());
    EXPECT_EQ(setup.next(at(20)), SetupKind::artifacts);
    EXPECT_TRUE(setup.wait_for("artifact x"));
    EXPECT_FALSE(setup.wait_for("artifact x"));
    EXPECT_EQ(setup.waits(), "artifact x");
    setup.end(at(50), {});
    EXPECT_TRUE(setup.succeeded());
    EXPECT_EQ(setup.waits(), "");
    EXPECT_EQ(setup.next(at(60)), std::nullopt);
    ASSERT_EQ(setup.steps().size(), 2U);
    EXPECT_EQ(setup.steps()[0].took, milliseconds(5));
    EXPECT_EQ(setup.steps()[1].began_at, at(20));
    EXPECT_EQ(setup.steps()[1].took, milliseconds(30));
    EXPECT_TRUE(setup.steps()[1].over);
}

TEST(SetupCourse, AFailedStepIsTheLast) {
    SetupCourse setup({SetupKind::directory, SetupKind::artifacts});
    (void)setup.next(at(0));
    setup.end(at(1), fail(ErrorKind::unavailable, "the disk is full"));
    EXPECT_EQ(setup.next(at(2)), std::nullopt);
    EXPECT_FALSE(setup.succeeded());
    ASSERT_TRUE(setup.error());
    EXPECT_TRUE(may_help_to_try_again(*setup.error()));
    EXPECT_EQ(setup.steps()[0].error, "the disk is full");
    EXPECT_TRUE(setup.steps()[0].over);
}

TEST(Turnstile, LetsOnlySoManyInAndTheOthersInOrder) {
    Turnstile<int> turnstile(2);
    for (const int key : {1, 2, 3, 4, 5}) turnstile.come(key);
    EXPECT_EQ(turnstile.admit(), 1);
    EXPECT_EQ(turnstile.admit(), 2);
    EXPECT_EQ(turnstile.admit(), std::nullopt);
    turnstile.leave(4);
    turnstile.leave(1);
    EXPECT_EQ(turnstile.admit(), 3);
    EXPECT_EQ(turnstile.admit(), std::nullopt);
    turnstile.leave(2);
    turnstile.leave(3);
    EXPECT_EQ(turnstile.admit(), 5);
    EXPECT_EQ(turnstile.inside(), 1U);
}

}  // namespace
}  // namespace drover::driver_manager
