#include "os/cgroup.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"

namespace drover::os {
namespace {

std::string unique(const char* name) { return std::string(name) + "-" + std::to_string(::getpid()); }

// A shell in the groups that starts a child which left its session; both ignore SIGTERM.
Process start_in(const CgroupPlan& plan) {
    std::string script = "trap '' TERM; ";
    for (const std::string& dir : plan.dirs) script += "echo 0 > " + dir + "/cgroup.procs; ";
    script += "setsid sleep 60 & exec sleep 60";
    SpawnOptions options;
    options.path = "/bin/sh";
    options.argv = {"sh", "-c", script};
    Result<Process> process = spawn(options, Stdio::null);
    EXPECT_TRUE(process);
    return std::move(*process);
}

TEST(Mounts, AreReadWithTheirEscapes) {
    const auto mounts = parse_mounts(
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "broken line\n"
        "32 31 0:29 / /a\\040b rw,relatime shared:1 - cgroup cgroup rw,cpu,cpuacct\n");
    ASSERT_EQ(mounts.size(), 2U);
    EXPECT_EQ(mounts[1].path, "/a b");
    EXPECT_EQ(mounts[1].type, "cgroup");
    EXPECT_EQ(mounts[1].options, "rw,cpu,cpuacct");
    EXPECT_TRUE(mounts[1].shared);
    EXPECT_FALSE(mounts[0].shared);
    EXPECT_EQ(mount_of(mounts, "/a b/c"), &mounts[1]);
    EXPECT_EQ(mount_of(mounts, "/a bc"), nullptr);
}

TEST(Cgroup, WithoutAnyHierarchyThePlanIsEmpty) {
    const Cgroups none = Cgroups::detect({Mount{"/nonexistent", "cgroup2", "rw"}});
    EXPECT_FALSE(none.can_kill());
    EXPECT_TRUE(none.plan("a", {0.5, 1 << 20}).dirs.empty());
}

TEST(Cgroup, AProcessCanBeginOutsideOfTheGroupsOfWhoStartsIt) {
    const auto groups = groups_of_nobody(read_mounts());
    if (::geteuid() != 0 || groups.empty())
        GTEST_SKIP() << "no control group hierarchy may be written here; run as root";
    SpawnOptions options;
    options.path = "/bin/sleep";
    options.argv = {"sleep", "60"};
    options.groups = groups;
    const Result<Process> process = spawn(options, Stdio::null);
    ASSERT_TRUE(process) << process.error().message;
    for (const std::string& group : groups) {
        const auto there = cgroup_processes(group);
        EXPECT_NE(std::find(there.begin(), there.end(), process->pid), there.end()) << group;
    }
    ASSERT_TRUE(send_signal(process->pidfd.get(), SIGKILL));
    reap(process->pidfd.get());
    options.groups = {"/nonexistent"};
    EXPECT_FALSE(spawn(options, Stdio::null));
}

TEST(Cgroup, EndsEverythingInItAlsoWhatLeftTheSession) {
    const Cgroups groups = Cgroups::detect();
    if (!groups.can_kill()) GTEST_SKIP() << "no control group hierarchy may be written here; run as root";
    const CgroupPlan plan = groups.plan(unique("kill"), {});
    for (const std::string& dir : plan.dirs) ASSERT_TRUE(make_dir(dir, 0755));
    const Process process = start_in(plan);
    for (int i = 0; i < 1000 && cgroup_processes(plan.dirs[0]).size() < 2; ++i) {
        wait_exited(process.pidfd.get(), milliseconds(10));
    }
    ASSERT_EQ(cgroup_processes(plan.dirs[0]).size(), 2U);
    std::vector<UniqueFd> ends;
    for (const pid_t pid : cgroup_processes(plan.dirs[0])) ends.push_back(open_pidfd(pid).value_or(UniqueFd()));
    EXPECT_FALSE(kill_cgroups(plan.dirs));
    for (const UniqueFd& end : ends) ASSERT_TRUE(wait_exited(end.get(), seconds(10)));
    EXPECT_TRUE(kill_cgroups(plan.dirs));
    reap(process.pidfd.get());
    EXPECT_TRUE(remove_cgroups(plan.dirs));
    EXPECT_FALSE(exists(plan.dirs[0]));
}

TEST(Cgroup, LimitsAreSetWhereTheControllersAre) {
    const Cgroups groups = Cgroups::detect();
    if (!groups.can_limit_memory() || !groups.can_limit_cpu()) GTEST_SKIP() << "no cpu and memory controllers here";
    const CgroupPlan plan = groups.plan(unique("limit"), {0.5, 64 << 20});
    for (const std::string& dir : plan.dirs) ASSERT_TRUE(make_dir(dir, 0755));
    EXPECT_GE(plan.settings.size(), 2U);
    for (const auto& setting : plan.settings)
        EXPECT_TRUE(write_control(setting.first, setting.second)) << setting.first;
    EXPECT_TRUE(remove_cgroups(plan.dirs));
}

}  // namespace
}  // namespace drover::os
