// What a new driver-manager finds of the tasks of the one before.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <algorithm>

#include "driver-manager/launcher/launcher_test.hpp"

namespace drover::launcher {
namespace {

using ::testing::HasSubstr;
using wire::RunPhase;

class AdoptTest : public LauncherTest {
   protected:
    std::map<RunKey, wire::IncarnationObserved> adopt() {
        remake();
        const auto found = launcher_->adopt();
        EXPECT_TRUE(found) << found.error().message;
        heard_.clear();
        if (found) heard_.insert(found->begin(), found->end());
        return heard_;
    }

    ShimStatus record(std::uint64_t seq) const { return read_record(run_dir(seq)).status; }

    // The shim is a child of this process here; kill it as an accident would.
    void kill_shim(std::uint64_t seq) const { ::kill(record(seq).shim_pid, SIGKILL); }
};

TEST_F(AdoptTest, ARunningTaskKeepsItsPidAndIsStillInControl) {
    launch(1, "trap 'exit 3' INT; echo up; while true; do sleep 0.01; done");
    wait_for_log("up\n");
    const std::int64_t pid = wait_for(1, RunPhase::running).pid;
    const auto found = adopt();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.at(key(1)).phase, RunPhase::running);
    EXPECT_EQ(found.at(key(1)).pid, pid);
    EXPECT_EQ(found.at(key(1)).id, "id-1");
    launcher_->stop(key(1), SIGINT, seconds(20));
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, 3);
}

TEST_F(AdoptTest, AnExitWhileNobodyWatchedIsReportedWithItsCode) {
    launch(1, "exec sleep 60");
    launch(2, "read line < " + dir_ + "/gate; exit 9");
    ASSERT_EQ(::mkfifo((dir_ + "/gate").c_str(), 0600), 0);
    const std::int64_t pid = wait_for(2, RunPhase::running).pid;
    const Result<UniqueFd> shim_fd = os::open_pidfd(record(2).shim_pid);
    launcher_.reset();
    const UniqueFd gate(::open((dir_ + "/gate").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::write(gate.get(), "go\n", 3), 3);
    ASSERT_TRUE(os::wait_exited(shim_fd->get(), kLimit));
    const auto found = adopt();
    EXPECT_EQ(found.at(key(2)).phase, RunPhase::exited);
    EXPECT_EQ(found.at(key(2)).exit.code, 9);
    EXPECT_EQ(found.at(key(2)).pid, pid);
    os::reap(shim_fd->get());
}

TEST_F(AdoptTest, TheEndStaysOnDiskUntilItIsReleased) {
    launch(1, "exit 4");
    wait_for(1, RunPhase::exited);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(adopt().at(key(1)).exit.code, 4);
    launcher_->release(key(1));
    EXPECT_TRUE(adopt().empty());
}

TEST_F(AdoptTest, AStopThatWasUnderWayIsCarriedOutWhileNobodyWatches) {
    launch(1, "trap '' INT; echo up; while true; do sleep 0.01; done");
    wait_for_log("up\n");
    launcher_->stop(key(1), SIGINT, milliseconds(200));
    ASSERT_TRUE(until([&] { return record(1).stop_requested != 0; }));
    const Result<UniqueFd> shim_fd = os::open_pidfd(record(1).shim_pid);
    launcher_.reset();
    ASSERT_TRUE(os::wait_exited(shim_fd->get(), kLimit));
    EXPECT_EQ(adopt().at(key(1)).exit.signal, SIGKILL);
    os::reap(shim_fd->get());
}

TEST_F(AdoptTest, AKilledShimMeansExecutorLostAndNothingLeftOfTheTask) {
    launch(1, "setsid sleep 300 & echo $! > " + dir_ + "/left; echo up; exec sleep 300");
    wait_for_log("up\n");
    const pid_t left = std::stoi(read(dir_ + "/left"));
    const auto pid = static_cast<pid_t>(wait_for(1, RunPhase::running).pid);
    kill_shim(1);
    const auto seen = wait_for(1, RunPhase::exited);
    EXPECT_EQ(seen.exit.code, -1);
    EXPECT_THAT(seen.exit.error, HasSubstr("the supervisor of the task was killed (executor lost)"));
    EXPECT_FALSE(seen.exit.successful());
    for (const pid_t p : {pid, left}) {
        const Result<os::ProcStat> stat = os::read_proc(p);
        EXPECT_TRUE(!stat || stat->state == 'Z') << p;
    }
    EXPECT_EQ(adopt().at(key(1)).exit.code, -1) << "it must be said the same way after a restart";
}

TEST_F(AdoptTest, AShimThatDiedWhileNobodyWatchedIsFoundOut) {
    launch(1, "exec sleep 300");
    const auto pid = static_cast<pid_t>(wait_for(1, RunPhase::running).pid);
    const Result<UniqueFd> shim_fd = os::open_pidfd(record(1).shim_pid);
    launcher_.reset();
    kill_shim(1);
    ASSERT_TRUE(os::wait_exited(shim_fd->get(), kLimit));
    os::reap(shim_fd->get());
    adopt();
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, -1);
    const Result<os::ProcStat> stat = os::read_proc(pid);
    EXPECT_TRUE(!stat || stat->state == 'Z');
}

TEST_F(AdoptTest, AStartThatDiedBeforeItsShimLivedIsForgottenAndMayBeMadeAgain) {
    ASSERT_TRUE(os::make_dir(dir_ + "/state/alloc", 0700));
    ASSERT_TRUE(os::make_dir(dir_ + "/state/alloc/web", 0700));
    ASSERT_TRUE(os::make_dir(run_dir(1), 0700));
    ASSERT_TRUE(os::write_file_atomic(run_dir(1) + "/spec", "id=old", 0600, os::Durable::no));
    EXPECT_TRUE(adopt().empty());
    EXPECT_FALSE(os::exists(run_dir(1)));
    launch(1, "exit 0");
    EXPECT_EQ(wait_for(1, RunPhase::exited).id, "id-1");
}

TEST_F(AdoptTest, AShimThatIsJustComingUpIsWaitedFor) {
    ASSERT_TRUE(os::make_dir(dir_ + "/state/alloc", 0700));
    ASSERT_TRUE(os::make_dir(dir_ + "/state/alloc/web", 0700));
    ASSERT_TRUE(os::make_dir(run_dir(1), 0700));
    ASSERT_TRUE(os::write_file_atomic(run_dir(1) + "/spec", std::string("id=coming\0", 10), 0600, os::Durable::no));
    // The lock of a shim that has not written its record yet.
    UniqueFd lock(::open((run_dir(1) + "/spec").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
    const auto found = adopt();
    EXPECT_EQ(found.at(key(1)).phase, RunPhase::starting);
    EXPECT_EQ(found.at(key(1)).id, "coming");
    ASSERT_TRUE(write_record(run_dir(1), new_record("coming", SHIM_NEVER_STARTED, "")));
    EXPECT_EQ(wait_for(1, RunPhase::never_started).id, "coming");
}

TEST_F(AdoptTest, ADamagedRecordOfADeadShimIsReportedAsLost) {
    launch(1, "exit 0");
    wait_for(1, RunPhase::exited);
    ASSERT_TRUE(os::write_file_atomic(run_dir(1) + "/status", std::string(1024, 'x'), 0600, os::Durable::no));
    const auto found = adopt();
    EXPECT_EQ(found.at(key(1)).id, "id-1");
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, -1);
}

TEST_F(AdoptTest, ARunningTaskWhoseRecordIsDamagedOrGoneEndsWithItsShimAsLost) {
    for (const std::uint64_t seq : {1U, 2U}) {
        SCOPED_TRACE(seq == 1 ? "damaged" : "gone");
        launch(seq, "exec sleep 300");
        const auto pid = static_cast<pid_t>(wait_for(seq, RunPhase::running).pid);
        const Result<UniqueFd> shim = os::open_pidfd(record(seq).shim_pid);
        ASSERT_TRUE(shim);
        const std::string file = run_dir(seq) + "/status";
        if (seq == 1) {
            ASSERT_TRUE(os::write_file_atomic(file, std::string(1024, 'x'), 0600, os::Durable::no));
        } else {
            ASSERT_TRUE(os::remove_tree(run_dir(seq)));
        }
        ASSERT_TRUE(os::send_signal(shim->get(), SIGKILL));
        const auto seen = wait_for(seq, RunPhase::exited);
        EXPECT_EQ(seen.exit.code, -1);
        EXPECT_THAT(seen.exit.error, HasSubstr("executor lost"));
        const Result<os::ProcStat> stat = os::read_proc(pid);
        EXPECT_TRUE(!stat || stat->state == 'Z') << pid;
    }
}

TEST_F(AdoptTest, ARunningTaskWhoseRecordIsDamagedOrGoneIsStillInControl) {
    for (const std::uint64_t seq : {1U, 2U}) {
        SCOPED_TRACE(seq == 1 ? "damaged" : "gone");
        launch(seq, "trap 'exit 3' INT; echo up; while true; do sleep 0.01; done");
        const std::int64_t pid = wait_for(seq, RunPhase::running).pid;
        EXPECT_TRUE(until([&] { return log("stdout") == (seq == 1 ? "up\n" : "up\nup\n"); }));
        const std::string file = run_dir(seq) + "/status";
        ASSERT_EQ(::unlink(file.c_str()), 0);
        if (seq == 1) {
            ASSERT_TRUE(os::write_file_atomic(file, std::string(1024, 'x'), 0600, os::Durable::no));
        }
        EXPECT_EQ(adopt().at(key(seq)).id, "id-" + std::to_string(seq));
        EXPECT_EQ(wait_for(seq, RunPhase::running).pid, pid);
        launcher_->stop(key(seq), SIGINT, seconds(20));
        EXPECT_TRUE(until([&] { return seen(seq).phase > RunPhase::running; }));
        EXPECT_FALSE(os::read_proc(static_cast<pid_t>(pid))) << pid;
    }
}

TEST_F(AdoptTest, ATaskWhoseRunDirectoryIsGoneIsEndedBeforeItIsReportedAsLost) {
    for (const std::uint64_t seq : {1U, 2U}) {
        launch(seq, "exec sleep 300");
        const auto pid = static_cast<pid_t>(wait_for(seq, RunPhase::running).pid);
        launcher_.reset();
        ASSERT_TRUE(os::remove_tree(seq == 1 ? run_dir(seq) : dir_ + "/state/alloc"));
        const auto found = adopt();
        EXPECT_EQ(found.at(key(seq)).phase, RunPhase::running);
        EXPECT_EQ(found.at(key(seq)).id, "id-" + std::to_string(seq));
        const auto lost = wait_for(seq, RunPhase::exited);
        EXPECT_EQ(lost.exit.code, -1);
        EXPECT_THAT(lost.exit.error, HasSubstr("executor lost"));
        const Result<os::ProcStat> stat = os::read_proc(pid);
        EXPECT_TRUE(!stat || stat->state == 'Z') << pid;
    }
}

TEST_F(AdoptTest, ATaskThatRanWhenTheMachineRestartedIsReportedAsLost) {
    ASSERT_TRUE(os::make_dir(dir_ + "/state/alloc", 0700));
    ASSERT_TRUE(os::make_dir(dir_ + "/state/alloc/web", 0700));
    ASSERT_TRUE(os::make_dir(run_dir(1), 0700));
    ShimStatus status = new_record("id-1", SHIM_RUNNING, "");
    status.boot = os::boot_number() + 1;
    // Somebody else's by now: this very process.
    status.shim_pid = status.task_pid = ::getpid();
    status.shim_start = status.task_start = os::read_proc(::getpid())->start_time;
    ASSERT_TRUE(write_record(run_dir(1), status));
    const auto seen = adopt().at(key(1));
    EXPECT_EQ(seen.phase, RunPhase::exited);
    EXPECT_EQ(seen.exit.code, -1);
    EXPECT_THAT(seen.exit.error, HasSubstr("the machine restarted"));
}

TEST_F(AdoptTest, ADamagedFloorDoesNotKeepTheNodeDown) {
    launch(3, "exit 0");
    wait_for(3, RunPhase::exited);
    ASSERT_TRUE(launcher_->set_floors({{{"alloc", "web"}, 2}}));
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/state/.floors", "nonsense", 0600, os::Durable::no));
    adopt();
    EXPECT_EQ(floor(), 3U) << "what was claimed once must not start again";
}

TEST_F(AdoptTest, AFloorWhoseWritingWasCutShortHarmsNoOther) {
    ASSERT_TRUE(launcher_->set_floors({{{"alloc", "web"}, 2}, {{"other", "web"}, 5}}));
    const std::string journal = dir_ + "/state/.floors";
    ASSERT_TRUE(os::write_file_atomic(journal, read(journal) + "0123", 0600, os::Durable::no));
    adopt();
    ASSERT_TRUE(launcher_->set_floors({{{"third", "web"}, 1}}));
    adopt();
    const Floors::Numbers expected{{{"alloc", "web"}, 2}, {{"other", "web"}, 5}, {{"third", "web"}, 1}};
    EXPECT_EQ(launcher_->floors(), expected);
}

TEST_F(AdoptTest, TheFloorsOfManyShortLivesTakeNoMoreRoomThanThoseThatStand) {
    ASSERT_TRUE(launcher_->set_floors({{{"alloc", "web"}, 2}}));
    for (int round = 0; round < 10; ++round) {
        Floors::Numbers crowd;
        for (int i = 0; i < 1000; ++i) crowd[{"a" + std::to_string(i), "web"}] = 1;
        ASSERT_TRUE(launcher_->set_floors(crowd));
        for (const auto& [task, floor] : crowd) launcher_->forget(task.first, task.second);
    }
    const std::string text = read(dir_ + "/state/.floors");
    EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 8000);
    adopt();
    const Floors::Numbers expected{{{"alloc", "web"}, 2}};
    EXPECT_EQ(launcher_->floors(), expected);
}

TEST_F(AdoptTest, SettingTheShimAsideDoesNotMakeTheTaskUnstoppable) {
    launch(1, "exec sleep 300");
    wait_for(1, RunPhase::running);
    const pid_t shim_pid = record(1).shim_pid;
    ASSERT_EQ(::kill(shim_pid, SIGSTOP), 0);
    launcher_->stop(key(1), SIGINT, milliseconds(10));
    ASSERT_EQ(::kill(shim_pid, SIGCONT), 0);
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.signal, SIGINT);
}

}  // namespace
}  // namespace drover::launcher
