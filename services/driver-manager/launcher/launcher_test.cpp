#include "driver-manager/launcher/launcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "driver-manager/launcher/launcher_test.hpp"

namespace drover::launcher {
namespace {

using ::testing::HasSubstr;
using wire::RunPhase;

TEST_F(LauncherTest, ATaskRunsAndItsExitCodeIsReported) {
    launch(1, "echo hello; exit 7");
    const auto seen = wait_for(1, RunPhase::exited);
    EXPECT_EQ(seen.exit.code, 7);
    EXPECT_EQ(seen.exit.signal, 0);
    EXPECT_EQ(seen.id, "id-1");
    EXPECT_GT(seen.started_at.ns, 0);
    EXPECT_GE(seen.finished_at, seen.started_at);
    EXPECT_EQ(log("stdout"), "hello\n");
}

TEST_F(LauncherTest, ATaskThatDiesOfASignalIsReportedWith128PlusTheSignal) {
    launch(1, "kill -INT $$");
    const auto seen = wait_for(1, RunPhase::exited);
    EXPECT_EQ(seen.exit.code, 130);
    EXPECT_EQ(seen.exit.signal, SIGINT);
}

TEST_F(LauncherTest, ACommandThatDoesNotExistIsAFailedStartThatNamesIt) {
    plan_.argv = {"/no/such/program"};
    launcher_->launch(key(1), "id-1", plan_);
    const auto seen = wait_for(1, RunPhase::start_failed);
    EXPECT_THAT(seen.error, HasSubstr("/no/such/program: No such file or directory"));
    EXPECT_FALSE(seen.recoverable);
}

TEST_F(LauncherTest, AFileThatTheKernelRefusesToRunIsAFailedStartThatNamesIt) {
    const std::string file = dir_ + "/program";
    const auto attempt = [&](std::uint64_t seq, const std::string& text) {
        EXPECT_TRUE(os::write_file_atomic(file, text, 0755, os::Durable::no));
        plan_.argv = {file};
        launcher_->launch(key(seq), "id-" + std::to_string(seq), plan_);
        const auto seen = wait_for(seq, RunPhase::start_failed);
        EXPECT_FALSE(seen.recoverable);
        return seen.error;
    };
    EXPECT_EQ(attempt(1, "neither a program nor a script\n"), "cannot execute " + file + ": Exec format error");
    EXPECT_EQ(attempt(2, "#!/no/such/interpreter\n"),
              "cannot find the interpreter of " + file + ": No such file or directory");
}

TEST_F(LauncherTest, AnUnknownUserIsAFailedStartThatNamesHim) {
    plan_.user = "no-such-user";
    launch(1, "true");
    EXPECT_THAT(wait_for(1, RunPhase::start_failed).error, HasSubstr("no-such-user"));
}

TEST_F(LauncherTest, TheEnvironmentIsExactlyThePlans) {
    plan_.env = {{"GREETING", "hello world"}, {"EMPTY", ""}};
    plan_.argv = {"/usr/bin/env"};
    launcher_->launch(key(1), "id-1", plan_);
    wait_for(1, RunPhase::exited);
    EXPECT_EQ(log("stdout"), "EMPTY=\nGREETING=hello world\n");
}

TEST_F(LauncherTest, ATaskRunsAsItsUserWithNoGroupOfRoot) {
    if (::geteuid() != 0) GTEST_SKIP() << "changing the user needs root";
    plan_.user = "nobody";
    launch(1, "id -u; id -G");
    wait_for(1, RunPhase::exited);
    const std::string out = log("stdout");
    EXPECT_EQ(out.find("0\n"), std::string::npos) << out;
    EXPECT_EQ((" " + out).find(" 0"), std::string::npos) << out;
}

TEST_F(LauncherTest, SecretsAreReadableOnlyByTheOwner) {
    plan_.env = {{"TOKEN", "s3cret"}};
    launch(1, "exec sleep 60");
    wait_for(1, RunPhase::running);
    const std::filesystem::path dir(run_dir(1));
    EXPECT_EQ(std::filesystem::status(dir).permissions(), std::filesystem::perms::owner_all);
    EXPECT_EQ(std::filesystem::status(dir / "spec").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(LauncherTest, StopSendsTheSignalAndReportsHowTheTaskTookIt) {
    launch(1, "trap 'exit 3' INT; echo up; while true; do sleep 0.01; done");
    wait_for_log("up\n");
    launcher_->stop(key(1), SIGINT, seconds(20));
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, 3);
}

TEST_F(LauncherTest, ATaskThatIgnoresTheSignalIsKilledAtItsTimeout) {
    launch(1, "trap '' INT; echo up; while true; do sleep 0.01; done");
    wait_for_log("up\n");
    const Instant asked = loop_.now();
    launcher_->stop(key(1), SIGINT, milliseconds(300));
    const auto seen = wait_for(1, RunPhase::exited);
    EXPECT_EQ(seen.exit.signal, SIGKILL);
    EXPECT_EQ(seen.exit.code, 137);
    EXPECT_GE(loop_.now() - asked, milliseconds(300));
}

TEST_F(LauncherTest, ATimeoutOfZeroKillsAtOnce) {
    launch(1, "trap '' INT; echo up; while true; do sleep 0.01; done");
    wait_for_log("up\n");
    launcher_->stop(key(1), SIGINT, {});
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.signal, SIGKILL);
}

TEST_F(LauncherTest, ChildrenThatEscapedAndIgnoreTheSignalEndWithTheTask) {
    // Its own session, no parent, deaf to every polite signal.
    launch(1, "setsid sh -c 'trap \"\" TERM INT HUP; (sleep 300 & echo $! > $0/escaped; wait) &' " + dir_ +
                  "; while [ ! -s " + dir_ + "/escaped ]; do sleep 0.01; done; echo up; exec sleep 300");
    wait_for_log("up\n");
    const pid_t escaped = std::stoi(read(dir_ + "/escaped"));
    const Result<UniqueFd> pidfd = os::open_pidfd(escaped);
    ASSERT_TRUE(pidfd);
    launcher_->stop(key(1), SIGTERM, seconds(20));
    wait_for(1, RunPhase::exited);
    EXPECT_TRUE(os::wait_exited(pidfd->get(), {})) << "the exit was reported before the whole tree was dead";
}

TEST_F(LauncherTest, ChildrenLeftBehindByATaskThatExitsEndWithIt) {
    launch(1, "setsid sleep 300 & echo $! > " + dir_ + "/left; exit 0");
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, 0);
    EXPECT_EQ(os::read_proc(std::stoi(read(dir_ + "/left"))).error().kind, ErrorKind::not_found);
}

TEST_F(LauncherTest, AStopBeforeTheStartMeansItNeverStarts) {
    plan_.start_delay = seconds(60);
    launch(1, "echo ran");
    launcher_->stop(key(1), SIGINT, seconds(5));
    EXPECT_EQ(wait_for(1, RunPhase::never_started).id, "id-1");
    EXPECT_EQ(log("stdout"), "");
}

TEST_F(LauncherTest, AStopDuringTheStartDelayMeansItNeverStarts) {
    plan_.start_delay = seconds(60);
    launch(1, "echo ran");
    ASSERT_TRUE(until([&] { return os::exists(run_dir(1) + "/status"); }));
    launcher_->stop(key(1), SIGINT, seconds(5));
    wait_for(1, RunPhase::never_started);
}

TEST_F(LauncherTest, ASignalIsDeliveredOncePerOrder) {
    launch(1, "trap 'echo got' HUP; echo up; while true; do sleep 0.01; done");
    wait_for_log("up\n");
    launcher_->signal(key(1), 5, SIGHUP);
    ASSERT_TRUE(until([&] { return seen(1).signals_applied == 5; }));
    wait_for_log("up\ngot\n");
    launcher_->signal(key(1), 5, SIGHUP);
    launcher_->signal(key(1), 6, SIGHUP);
    ASSERT_TRUE(until([&] { return seen(1).signals_applied == 6; }));
    wait_for_log("up\ngot\ngot\n");
}

TEST_F(LauncherTest, ASignalThatCannotBeDeliveredSaysWhy) {
    launch(1, "exec sleep 60");
    wait_for(1, RunPhase::running);
    launcher_->signal(key(1), 1, 12345);
    ASSERT_TRUE(until([&] { return seen(1).signals_applied == 1; }));
    EXPECT_THAT(seen(1).signal_error, HasSubstr("Invalid argument"));
}

TEST_F(LauncherTest, MemoryLimitsEndTheTaskAndAreReportedAsSuch) {
    if (!os::Cgroups::detect().can_limit_memory()) GTEST_SKIP() << "no memory controller may be written here";
    plan_.resources.memory = 16 << 20;
    plan_.argv = {"/usr/bin/python3", "-c", "x = bytearray(256 << 20)"};
    if (!os::exists(plan_.argv[0])) GTEST_SKIP() << "there is no python3";
    launcher_->launch(key(1), "id-1", plan_);
    const auto seen = wait_for(1, RunPhase::exited);
    EXPECT_TRUE(seen.exit.oom);
    EXPECT_EQ(seen.exit.signal, SIGKILL);
}

TEST_F(LauncherTest, OnlySoManyStartsAreUnderWayAtATime) {
    remake(2);
    for (std::uint64_t i = 1; i <= 20; ++i) launch(i, "exit 0");
    for (std::uint64_t i = 1; i <= 20; ++i) EXPECT_EQ(wait_for(i, RunPhase::exited).exit.code, 0);
}

TEST_F(LauncherTest, AReleasedIncarnationLeavesNothing) {
    launch(1, "exit 0");
    wait_for(1, RunPhase::exited);
    launcher_->release(key(1));
    EXPECT_FALSE(os::exists(run_dir(1)));
    launcher_->forget("alloc", "web");
    EXPECT_EQ(*os::list_dir(dir_ + "/state", 10), std::vector<std::string>{".trash"}) << "for others to empty";
}

TEST_F(LauncherTest, ARunningIncarnationIsNotReleased) {
    launch(1, "exec sleep 60");
    wait_for(1, RunPhase::running);
    launcher_->release(key(1));
    EXPECT_TRUE(os::exists(run_dir(1)));
}

TEST_F(LauncherTest, NothingUpToTheFloorEverStarts) {
    ASSERT_TRUE(launcher_->set_floors({{{"alloc", "web"}, 4}}));
    ASSERT_TRUE(launcher_->set_floors({{{"alloc", "web"}, 2}}));
    EXPECT_EQ(floor(), 4U);
    launch(4, "echo ran");
    wait_for(4, RunPhase::never_started);
    remake();
    ASSERT_TRUE(launcher_->adopt());
    EXPECT_EQ(floor(), 4U) << "the floor must outlive the process";
}

}  // namespace
}  // namespace drover::launcher
