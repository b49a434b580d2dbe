// Isolated tasks with the real crun.
#include "driver-manager/launcher/isolated.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <sstream>

#include "driver-manager/drivers/capabilities.hpp"
#include "driver-manager/launcher/launcher_test.hpp"

namespace drover::launcher {
namespace {

using ::testing::HasSubstr;
using wire::RunPhase;

constexpr const char* kCrun = "/usr/bin/crun";

class IsolatedTest : public LauncherTest {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "isolating needs root";
        ASSERT_TRUE(os::exists(kCrun)) << "install crun";
        EXPECT_TRUE(os::make_dir(dir_ + "/root", 0755));
        EXPECT_TRUE(os::make_dir(dir_ + "/local", 0777));
        drivers::Isolation isolation;
        isolation.runtime = kCrun;
        isolation.init = shim();
        isolation.root = dir_ + "/root";
        for (const char* dir : {"/bin", "/etc", "/lib", "/lib64", "/usr"})
            if (os::exists(dir)) isolation.mounts.push_back({.source = dir, .target = dir});
        isolation.mounts.push_back({.source = dir_ + "/local", .target = "/local", .writable = true});
        isolation.namespaces = {"pid", "mount", "ipc", "uts"};
        isolation.capabilities = drivers::default_capabilities();
        isolation.refused = drivers::refused_syscalls(isolation.capabilities);
        plan_.isolation = isolation;
        plan_.work_dir = "/local";
    }
};

TEST_F(IsolatedTest, ATaskRunsApartAndItsExitCodeIsReported) {
    launch(1, "echo $$; ls /proc | grep -c '^[0-9]'; ls -d /home 2>&1; exit 7");
    const auto seen = wait_for(1, RunPhase::exited);
    EXPECT_EQ(seen.exit.code, 7) << seen.exit.error;
    EXPECT_EQ(seen.exit.signal, 0);
    // The init, the shell, ls and grep.
    EXPECT_EQ(log("stdout"), "2\n4\nls: cannot access '/home': No such file or directory\n");
}

// What the processor's quota of the process is, in microseconds of 100,000; empty where there is none to be set.
std::string quota_of(std::int64_t pid) {
    std::istringstream groups(os::read_file("/proc/" + std::to_string(pid) + "/cgroup", 65536).value_or(""));
    for (std::string line; std::getline(groups, line);) {
        const std::string path = line.substr(line.rfind(':') + 1);
        const bool second = line.starts_with("0::");
        if (!second && line.find(":cpu:") == std::string::npos && line.find(":cpu,") == std::string::npos) continue;
        const std::string file = second ? path + "/cpu.max" : "/cpu" + path + "/cpu.cfs_quota_us";
        if (const auto text = os::read_file("/sys/fs/cgroup" + file, 4096))
            return text->substr(0, text->find_first_of(" \n"));
    }
    return "";
}

TEST_F(IsolatedTest, ATaskWithLittleOfAProcessorDoesNotPayForItsRuntimeOutOfThat) {
    plan_.resources.cpu = 0.01;
    const Instant began = loop_.now();
    launch(1, "exec sleep 60");
    const auto seen = wait_for(1, RunPhase::running);
    const std::string quota = quota_of(static_cast<std::int64_t>(seen.pid));
    if (quota.empty()) GTEST_SKIP() << "this machine cannot limit what a task takes of a processor";
    EXPECT_EQ(quota, "1000");
    EXPECT_LT(loop_.now() - began, seconds(1)) << "the runtime takes two at such a quota";
    launcher_->stop(key(1), SIGKILL, milliseconds(0));
    wait_for(1, RunPhase::exited);
}

TEST_F(IsolatedTest, SignalsReachTheTaskAsEverywhereAndItsEndByOneIsTold) {
    launch(1, "echo up; exec sleep 60");
    wait_for_log("up\n");
    launcher_->stop(key(1), SIGTERM, seconds(20));
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.signal, SIGTERM) << "a first process would not have got it";
    launch(2, "exit 143");
    const auto seen = wait_for(2, RunPhase::exited);
    EXPECT_EQ(seen.exit.code, 143);
    EXPECT_EQ(seen.exit.signal, 0) << "which is not the same as having died of it";
}

TEST_F(IsolatedTest, ATaskThatIgnoresTheSignalIsKilledAtItsTimeoutWithAllThatItStarted) {
    launch(1, "trap '' TERM; setsid sleep 300 & echo up; while true; do sleep 0.05; done");
    wait_for_log("up\n");
    const pid_t main_pid = static_cast<pid_t>(wait_for(1, RunPhase::running).pid);
    const std::vector<os::ProcStat> tree = os::descendants(os::read_proc(main_pid)->parent);
    launcher_->stop(key(1), SIGTERM, milliseconds(300));
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.signal, SIGKILL);
    EXPECT_GE(tree.size(), 3U);
    for (const os::ProcStat& process : tree) {
        const auto left = os::read_proc(process.pid);
        EXPECT_FALSE(left && left->start_time == process.start_time) << process.pid;
    }
}

TEST_F(IsolatedTest, ACommandThatDoesNotExistIsAFailedStartThatNamesIt) {
    plan_.argv = {"/usr/bin/no-such-program"};
    launcher_->launch(key(1), "id-1", plan_);
    const auto seen = wait_for(1, RunPhase::start_failed);
    EXPECT_EQ(seen.error, "cannot execute /usr/bin/no-such-program: No such file or directory");
    EXPECT_FALSE(seen.recoverable);
}

TEST_F(IsolatedTest, WhatTheRuntimeCannotDoIsAFailedStartWithItsWords) {
    plan_.isolation->mounts.push_back({.source = "/no/such/place", .target = "/x"});
    launch(1, "true");
    const auto seen = wait_for(1, RunPhase::start_failed);
    EXPECT_THAT(seen.error, HasSubstr("the task could not be isolated: "));
    EXPECT_THAT(seen.error, HasSubstr("/no/such/place"));
}

TEST_F(IsolatedTest, ItIsFoundAgainAndStoppedByTheNextDriverManager) {
    launch(1, "echo up; exec sleep 60");
    wait_for_log("up\n");
    const auto before = wait_for(1, RunPhase::running);
    heard_.clear();
    remake();
    const auto found = launcher_->adopt();
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().second.pid, before.pid);
    launcher_->stop(key(1), SIGTERM, seconds(20));
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.signal, SIGTERM);
}

TEST_F(IsolatedTest, NothingIsLeftWhenItsShimIsKilled) {
    launch(1, "setsid sleep 300 & echo up; exec sleep 300");
    wait_for_log("up\n");
    const pid_t main_pid = static_cast<pid_t>(wait_for(1, RunPhase::running).pid);
    const pid_t first = os::read_proc(main_pid)->parent;
    const auto end = os::open_pidfd(first);
    ASSERT_TRUE(end);
    ASSERT_EQ(::kill(read_record(run_dir(1)).status.shim_pid, SIGKILL), 0);
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, -1);
    EXPECT_TRUE(os::wait_exited(end->get(), {}));
}

TEST_F(IsolatedTest, RunsAsItsUserWithNoRightsAndCannotGetAny) {
    plan_.user = "nobody";
    launch(1, "id -u; id -G; grep -E 'CapEff|NoNewPrivs' /proc/self/status");
    wait_for(1, RunPhase::exited);
    EXPECT_EQ(log("stdout"), "65534\n65534\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
}

TEST_F(IsolatedTest, AMemoryLimitEndsItAndTheEndSaysWhichAndHowMuchItTook) {
    if (!os::Cgroups::detect().can_limit_memory()) GTEST_SKIP() << "no memory controller may be written here";
    plan_.resources.memory = 32 << 20;
    plan_.argv = {"/usr/bin/python3", "-c", "x = bytearray(256 << 20)"};
    launcher_->launch(key(1), "id-1", plan_);
    const auto seen = wait_for(1, RunPhase::exited);
    EXPECT_TRUE(seen.exit.oom);
    EXPECT_EQ(seen.exit.signal, SIGKILL);
    EXPECT_EQ(seen.exit.error, "OOM Killed: memory limit 32.0MiB, peak 32.0MiB");
}

TEST_F(IsolatedTest, AProcessLimitHoldsAForkBomb) {
    if (!os::Cgroups::detect().can_limit_pids()) GTEST_SKIP() << "no pids controller may be written here";
    plan_.pids = 20;
    launch(1, "n=0; while [ $n -lt 40 ]; do sleep 300 & n=$((n+1)); done; exit 0");
    EXPECT_NE(wait_for(1, RunPhase::exited).exit.code, 0);
    EXPECT_THAT(log("stderr"), HasSubstr("Cannot fork"));
}

TEST_F(IsolatedTest, AStopDuringTheStartEndsItOneWayOrTheOther) {
    launch(1, "exec sleep 60");
    ASSERT_TRUE(until([&] { return os::exists(run_dir(1) + "/status"); }));
    launcher_->stop(key(1), SIGTERM, seconds(20));
    ASSERT_TRUE(until([&] { return seen(1).phase == RunPhase::exited || seen(1).phase == RunPhase::never_started; }));
    EXPECT_TRUE(seen(1).phase == RunPhase::never_started || seen(1).exit.signal == SIGTERM);
}

TEST_F(IsolatedTest, AReleasedIncarnationLeavesNothing) {
    launch(1, "exit 0");
    wait_for(1, RunPhase::exited);
    launcher_->release(key(1));
    EXPECT_FALSE(os::exists(run_dir(1)));
}

}  // namespace
}  // namespace drover::launcher
