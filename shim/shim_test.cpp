#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "os/cgroup.hpp"
#include "os/proc.hpp"
#include "shim_test.hpp"

namespace drover::shim {
namespace {

using ::testing::HasSubstr;

TEST_F(ShimTest, RecordsHowItsTaskEnded) {
    write_spec("run", {"/bin/sh", "-c", "echo out; echo err >&2; exit 5"});
    const ShimStatus end = finish(start());
    EXPECT_EQ(end.phase, SHIM_EXITED);
    EXPECT_EQ(end.exit_code, 5);
    EXPECT_STREQ(end.id, "the-id");
    EXPECT_EQ(end.boot, os::boot_number());
    EXPECT_GE(end.finished_at, end.started_at);
    EXPECT_EQ(log("web.stdout.0"), "out\n");
    EXPECT_EQ(log("web.stderr.0"), "err\n");
}

TEST_F(ShimTest, HalfARecordIsNoneAndNothingRuns) {
    const std::string ran = dir_ + "/ran";
    write_spec("run", {"/bin/sh", "-c", "echo ran > " + ran});
    os::SpawnOptions options;
    options.path = "/bin/sh";
    // Files may hold one block of 512 bytes, which is one of the two slots; writing fails as on a full disk.
    options.argv = {"sh", "-c", "trap '' XFSZ; ulimit -f 1; exec " + program() + " " + home()};
    const Result<os::Process> shim = os::spawn(options, os::Stdio::null);
    ASSERT_TRUE(shim) << shim.error().message;
    ASSERT_TRUE(os::wait_exited(shim->pidfd.get(), kLimit));
    EXPECT_NE(os::reap(shim->pidfd.get()).value_or(os::ExitStatus{0, 0}).code, 0);
    EXPECT_FALSE(os::exists(home() + "/status")) << "it would be taken for the record of a task that ran";
    EXPECT_FALSE(os::exists(ran));
}

TEST_F(ShimTest, ItsRecordNamesItselfAndTheTaskForGood) {
    write_spec("run", {"/bin/sleep", "300"});
    const os::Process shim = start();
    const UniqueFd fd = connect_when_running(shim);
    const ShimStatus now = record();
    EXPECT_EQ(now.shim_pid, shim.pid);
    EXPECT_EQ(now.shim_start, os::read_proc(shim.pid)->start_time);
    EXPECT_EQ(now.task_start, os::read_proc(now.task_pid)->start_time);
    EXPECT_EQ(os::read_proc(now.task_pid)->session, now.task_pid) << "the task has a session of its own";
    EXPECT_EQ(os::read_proc(shim.pid)->session, shim.pid);
    say(fd.get(), SHIM_OP_STOP, SIGTERM, 0, kLimit);
    EXPECT_EQ(finish(shim).exit_signal, SIGTERM);
}

TEST_F(ShimTest, ADirectoryHasOneShimOnly) {
    write_spec("run", {"/bin/sleep", "300"});
    const os::Process first = start();
    const UniqueFd fd = connect_when_running(first);
    const os::Process second = start();
    ASSERT_TRUE(os::wait_exited(second.pidfd.get(), kLimit));
    EXPECT_NE(os::reap(second.pidfd.get())->code, 0);
    EXPECT_EQ(record().shim_pid, first.pid);
    say(fd.get(), SHIM_OP_STOP, SIGKILL, 0, {});
    finish(first);
    const os::Process third = start();
    ASSERT_TRUE(os::wait_exited(third.pidfd.get(), kLimit));
    EXPECT_NE(os::reap(third.pidfd.get())->code, 0) << "an ended incarnation never starts again";
}

TEST_F(ShimTest, ATreeIsKilledWithoutControlGroupsToo) {
    // Two levels of orphans in sessions of their own, deaf to polite signals.
    const std::string left = dir_ + "/left";
    write_spec("run", {"/bin/sh", "-c",
                       "PATH=/usr/bin:/bin; setsid sh -c 'trap \"\" TERM INT; setsid sleep 300 & echo $! >> " + left +
                           "; setsid sleep 300 & echo $! >> " + left + "; exec sleep 300' & echo $! >> " + left +
                           "; while [ $(wc -l < " + left + ") -lt 3 ]; do sleep 0.01; done; echo up; exec sleep 300"});
    const os::Process shim = start();
    const UniqueFd fd = connect_when_running(shim);
    for (int i = 0; i < 2000 && log("web.stdout.0") != "up\n"; ++i) os::wait_exited(shim.pidfd.get(), milliseconds(5));
    say(fd.get(), SHIM_OP_STOP, SIGTERM, 0, kLimit);
    EXPECT_EQ(finish(shim).exit_signal, SIGTERM);
    const std::string pids = os::read_file(left, 100).value();
    std::size_t at = 0;
    for (int i = 0; i < 3; ++i) {
        std::size_t used = 0;
        EXPECT_FALSE(os::read_proc(std::stoi(pids.substr(at), &used)));
        at += used + 1;
    }
}

// Of one version of control groups only, as on other machines.
class OneVersion : public ShimTest, public ::testing::WithParamInterface<const char*> {
   protected:
    static os::Cgroups detect() {
        std::vector<os::Mount> mounts = os::read_mounts();
        std::erase_if(mounts, [](const os::Mount& mount) { return mount.type != GetParam(); });
        return os::Cgroups::detect(mounts);
    }
};

INSTANTIATE_TEST_SUITE_P(Cgroups, OneVersion, ::testing::Values("cgroup", "cgroup2"));

TEST_P(OneVersion, WhatEscapedEndsWithTheTaskAndTheGroupsToo) {
    const os::Cgroups groups = detect();
    if (!groups.can_kill()) GTEST_SKIP() << "no such hierarchy may be written here; run as root";
    const std::string dir = groups.plan("shim-test-" + std::to_string(::getpid()), {}).dirs.at(0);
    // The task makes a group of its own below, and leaves a process of another session in it.
    const std::string own = dir + "/own";
    write_spec(
        "run",
        {"/bin/sh", "-c",
         "mkdir " + own + "; setsid sh -c 'echo 0 > " + own + "/cgroup.procs; exec sleep 300' & until grep -q . " +
             own + "/cgroup.procs; do sleep 0.01; done; exit 0"},
        {"cgroup=" + dir, "env=PATH=/bin:/usr/bin"});
    EXPECT_EQ(finish(start()).exit_code, 0);
    EXPECT_FALSE(os::exists(dir));
}

TEST_F(ShimTest, ATaskInheritsNoPriorityLimitOrProtectionOfWhoStartedIt) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may have its priority back";
    write_spec("run",
               {"/bin/sh", "-c",
                "ulimit -Sn; ulimit -Sv; ulimit -Sf; ulimit -Ss; nice; chrt -p $$ | grep -c SCHED_OTHER; "
                "cat /proc/self/oom_score_adj"},
               {"env=PATH=/bin:/usr/bin"});
    os::SpawnOptions options;
    options.path = "/bin/sh";
    // Only what may be undone without every right of root, which containers do not have.
    const std::string odd =
        "ulimit -Sn 77; ulimit -Sv 4000000; ulimit -Sf 100000; ulimit -Ss 4096; "
        "echo 500 > /proc/self/oom_score_adj; exec nice -n 7 chrt -b 0 ";
    options.argv = {"sh", "-c", odd + program() + " " + home()};
    options.env = {"PATH=/bin:/usr/bin"};
    const Result<os::Process> shim = os::spawn(options, os::Stdio::null);
    ASSERT_TRUE(shim);
    EXPECT_EQ(finish(*shim).exit_code, 0);
    EXPECT_EQ(log("web.stdout.0"), "1024\nunlimited\nunlimited\n8192\n0\n1\n0\n");
}

TEST_F(ShimTest, EndingTheSupervisorPolitelyEndsItsTaskTheOrdinaryWay) {
    write_spec("run", {"/bin/sleep", "300"});
    const os::Process shim = start();
    connect_when_running(shim);
    ::kill(shim.pid, SIGTERM);
    const ShimStatus end = finish(shim);
    EXPECT_EQ(end.phase, SHIM_EXITED);
    EXPECT_EQ(end.exit_signal, SIGTERM);
}

TEST_F(ShimTest, AFullDiskNeitherStopsTheTaskNorLosesItsEnd) {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
    if (::mount("tmpfs", (dir_ + "/logs").c_str(), "tmpfs", 0, "size=128k") != 0) {
        GTEST_SKIP() << "this container may not mount";
    }
    write_spec("run", {"/bin/sh", "-c", "/usr/bin/head -c 3000000 /dev/zero | /usr/bin/tr '\\0' '\\n'; exit 6"});
    const ShimStatus end = finish(start());
    const std::string written = log("web.stdout.0");
    const Result<void> room = os::write_file_atomic(dir_ + "/logs/web.stdout.0", "", 0644, os::Durable::no);
    write_spec("again", {"/bin/echo", "room again"});
    const ShimStatus again = finish(start("again"), "again");
    EXPECT_EQ(log("web.stdout.0"), "room again\n");
    ASSERT_EQ(::umount2((dir_ + "/logs").c_str(), MNT_DETACH), 0);
    EXPECT_EQ(end.exit_code, 6);
    EXPECT_GT(end.lost_bytes, 2'000'000U);
    EXPECT_LE(end.lost_bytes + written.size(), 3'000'000U);
    EXPECT_EQ(again.lost_bytes, 0U);
}

TEST_F(ShimTest, WhatWasLostIsMarkedInTheLog) {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
    const std::string logs = dir_ + "/logs";
    if (::mount("tmpfs", logs.c_str(), "tmpfs", 0, "size=128k") != 0) GTEST_SKIP() << "this container may not mount";
    // Fills the disk, makes room, goes on.
    write_spec("run",
               {"/bin/sh", "-c",
                "head -c 500000 /dev/zero | tr '\\0' '\\n'; while [ $(wc -c < " + logs +
                    "/web.stdout.0) -lt 40000 ]; do sleep 0.01; done; sleep 0.2; rm " + logs +
                    "/ballast; echo after; sleep 0.2; echo end"},
               {"env=PATH=/bin:/usr/bin"});
    ASSERT_TRUE(os::write_file_atomic(logs + "/ballast", std::string(60'000, 'x'), 0600, os::Durable::no));
    finish(start());
    const std::string text = log("web.stdout.0");
    ASSERT_EQ(::umount2(logs.c_str(), MNT_DETACH), 0);
    EXPECT_THAT(text, HasSubstr("bytes of output were lost: No space left on device]\n"));
    EXPECT_TRUE(text.ends_with("end\n"));
}

TEST_F(ShimTest, OnlyItsOwnUserAndRootMayConnect) {
    if (::geteuid() != 0) GTEST_SKIP() << "changing the user needs root";
    write_spec("run", {"/bin/sleep", "300"});
    const os::Process shim = start();
    const UniqueFd fd = connect_when_running(shim);
    for (const std::string& path : {dir_, home()}) ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    ASSERT_EQ(::chmod((home() + "/ctl.sock").c_str(), 0777), 0);
    os::SpawnOptions options;
    options.path = "/usr/bin/python3";
    options.argv = {"python3", "-c",
                    "import os,socket,sys\nos.setuid(65534)\nos.chdir(sys.argv[1])\n"
                    "s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET)\ns.settimeout(20)\ns.connect('ctl.sock')\n"
                    "sys.exit(0 if s.recv(512)==b'' else 1)",
                    home()};
    if (!os::exists(options.path)) GTEST_SKIP() << "there is no python3";
    const Result<os::Process> stranger = os::spawn(options, os::Stdio::null);
    ASSERT_TRUE(stranger);
    ASSERT_TRUE(os::wait_exited(stranger->pidfd.get(), kLimit));
    EXPECT_EQ(os::reap(stranger->pidfd.get())->code, 0) << "a stranger was told the status";
    say(fd.get(), SHIM_OP_STOP, SIGKILL, 0, {});
    finish(shim);
}

TEST_F(ShimTest, NonsenseOnTheSocketIsRefusedAndHarmless) {
    write_spec("run", {"/bin/sleep", "300"});
    const os::Process shim = start();
    const UniqueFd good = connect_when_running(shim);
    {
        const UniqueFd bad = connect_when_running(shim);
        ASSERT_EQ(::send(bad.get(), "nonsense", 8, MSG_NOSIGNAL), 8);
        EXPECT_EQ(hear(bad.get()).phase, 0U) << "it should have been disconnected";
    }
    EXPECT_TRUE(say(good.get(), SHIM_OP_STATUS, 0, 0, {}));
    EXPECT_EQ(hear(good.get()).phase, SHIM_RUNNING);
    say(good.get(), SHIM_OP_STOP, SIGKILL, 0, {});
    finish(shim);
}

TEST_F(ShimTest, AnIdleShimTakesLessThan64KiB) {
    constexpr int kCopies = 200;
    std::vector<os::Process> shims;
    std::vector<UniqueFd> controls;
    for (int i = 0; i < kCopies; ++i) {
        const std::string name = "run" + std::to_string(i);
        // Each has pumped some output, so that what that touches is counted too.
        write_spec(name, {"/bin/sh", "-c", "/usr/bin/head -c 100000 /dev/zero; exec /bin/sleep 300"});
        shims.push_back(start(name));
    }
    std::uint64_t total = 0;
    for (int i = 0; i < kCopies; ++i)
        controls.push_back(connect_when_running(shims[static_cast<std::size_t>(i)], "run" + std::to_string(i)));
    // Idle is half a second after the last output.
    os::wait_exited(shims.front().pidfd.get(), seconds(1));
    for (const os::Process& shim : shims) {
        const std::string path = "/proc/" + std::to_string(shim.pid) + "/smaps_rollup";
        const std::string text = os::read_file(path, 8192).value_or(std::string());
        const std::size_t at = text.find("\nPss:");
        ASSERT_NE(at, std::string::npos) << path;
        total += std::stoull(text.substr(at + 5));
    }
    RecordProperty("pss_kib", std::to_string(total / kCopies));
    std::printf("PSS of an idle shim at %d copies: %llu KiB\n", kCopies,
                static_cast<unsigned long long>(total / kCopies));
    EXPECT_LT(total / kCopies, 64U);
    for (const UniqueFd& fd : controls) say(fd.get(), SHIM_OP_STOP, SIGKILL, 0, {});
    for (const os::Process& shim : shims) {
        ASSERT_TRUE(os::wait_exited(shim.pidfd.get(), kLimit));
        os::reap(shim.pidfd.get());
    }
}

}  // namespace
}  // namespace drover::shim
