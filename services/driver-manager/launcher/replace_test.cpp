// Supervisors of tasks that are none of their children.
#include <gmock/gmock.h>

#include "driver-manager/launcher/launcher_test.hpp"

namespace drover::launcher {
namespace {

using testing::HasSubstr;

class ReplaceTest : public LauncherTest {
   protected:
    // Its daemon is away, so it waits.
    void launch_container(std::uint64_t seq) {
        plan_.container = "{}";
        plan_.supervisor = shim().substr(0, shim().rfind('/')) + "/drover-docker";
        plan_.engine = dir_ + "/no.sock";
        launcher_->launch(key(seq), "id-" + std::to_string(seq), plan_);
    }
    pid_t supervisor(std::uint64_t seq) const {
        const Record record = read_record(run_dir(seq));
        return record.state == RecordState::good ? record.status.shim_pid : 0;
    }
    bool is_waiting(std::uint64_t seq) {
        return seen(seq).error.find("the docker daemon does not answer") != std::string::npos;
    }
};

TEST_F(ReplaceTest, ASupervisorThatIsKilledIsFollowedByAnother) {
    launch_container(1);
    ASSERT_TRUE(until([&] { return is_waiting(1); }));
    for (int round = 0; round < 3; ++round) {
        const pid_t first = supervisor(1);
        ASSERT_EQ(::kill(first, SIGKILL), 0);
        EXPECT_TRUE(until([&] { return supervisor(1) != first; })) << "round " << round;
        EXPECT_EQ(seen(1).phase, wire::RunPhase::starting);
    }
}

TEST_F(ReplaceTest, OneThatDiedWhileNobodyLookedIsFollowedToo) {
    launch_container(1);
    ASSERT_TRUE(until([&] { return is_waiting(1); }));
    const pid_t first = supervisor(1);
    launcher_.reset();
    ASSERT_EQ(::kill(first, SIGKILL), 0);
    remake();
    const auto found = launcher_->adopt();
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1U);
    heard_[key(1)] = found->front().second;
    EXPECT_TRUE(until([&] { return supervisor(1) != first; }));
    EXPECT_EQ(seen(1).phase, wire::RunPhase::starting);
}

TEST_F(ReplaceTest, OneThatNeverGotToTheDaemonIsStoppedAtOnce) {
    launch_container(1);
    ASSERT_TRUE(until([&] { return is_waiting(1); }));
    launcher_->stop(key(1), SIGTERM, seconds(5));
    wait_for(1, wire::RunPhase::never_started);
}

TEST_F(ReplaceTest, OneThatCannotBeStartedFailsTheStart) {
    launch_container(1);
    plan_.supervisor = dir_ + "/nothing";
    launcher_->launch(key(2), "id-2", plan_);
    EXPECT_THAT(wait_for(2, wire::RunPhase::start_failed).error, HasSubstr("/nothing"));
}

}  // namespace
}  // namespace drover::launcher
