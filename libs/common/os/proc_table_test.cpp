#include "os/proc_table.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "os/memory_group.hpp"
#include "os/node_usage.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"

namespace drover::os {
namespace {

const ProcStat* find(const std::vector<ProcStat>& procs, pid_t pid) {
    const auto it = std::find_if(procs.begin(), procs.end(), [&](const ProcStat& proc) { return proc.pid == pid; });
    return it == procs.end() ? nullptr : &*it;
}

Process run_script(const std::string& script) {
    SpawnOptions options;
    options.path = "/bin/sh";
    options.argv = {"sh", "-c", script};
    auto process = spawn(options, Stdio::null);
    EXPECT_TRUE(process);
    return process ? std::move(*process) : Process{};
}

TEST(ProcTable, SeesWhatComesAndWhatHasGone) {
    ProcTable table;
    ASSERT_NE(find(table.look({}), ::getpid()), nullptr);
    ASSERT_NE(find(table.look({}), ::getpid()), nullptr);
    const Process child = run_script("read x");
    const ProcStat* seen = find(table.look({}), child.pid);
    ASSERT_NE(seen, nullptr) << "whether it looks at new numbers only, or at all";
    EXPECT_EQ(seen->parent, ::getpid());
    table.follow({child.pid});
    ASSERT_NE(find(table.look({child.pid}), child.pid), nullptr);
    ::kill(child.pid, SIGKILL);
    ASSERT_TRUE(wait_exited(child.pidfd.get(), seconds(10)));
    ASSERT_TRUE(reap(child.pidfd.get()));
    EXPECT_EQ(find(table.look({child.pid}), child.pid), nullptr);
}

TEST(ProcTable, MissesNothingThatComesAtAnyOfItsLooksAndTakesNoThreadForAProcess) {
    ProcTable table;
    for (unsigned round = 0; round < 2 * ProcTable::kStale; ++round) {
        table.look({});
        std::promise<pid_t> number;
        std::promise<void> seen;
        std::thread thread([&] {
            number.set_value(static_cast<pid_t>(::gettid()));
            seen.get_future().wait();
        });
        const pid_t id = number.get_future().get();
        const Process process = run_script("exit 0");
        const auto& procs = table.look({});
        EXPECT_NE(find(procs, process.pid), nullptr) << "round " << round;
        EXPECT_EQ(find(procs, id), nullptr) << "round " << round;
        seen.set_value();
        thread.join();
        EXPECT_TRUE(wait_exited(process.pidfd.get(), seconds(10)) && reap(process.pidfd.get()));
    }
}

TEST(ProcTable, ReadsOnlyWhatIsWanted) {
    ProcTable table;
    table.look({});
    table.follow({::getpid()});
    const Duration before = find(table.look({::getpid()}), ::getpid())->cpu_time;
    while (read_proc(::getpid())->cpu_time == before) continue;
    // Within kStale looks it is read once without having been asked for.
    unsigned reads = 0;
    Duration last = before;
    for (unsigned round = 0; round < ProcTable::kStale; ++round) {
        const Duration now = find(table.look({}), ::getpid())->cpu_time;
        reads += now != last ? 1 : 0;
        last = now;
    }
    EXPECT_LE(reads, 1U);
    EXPECT_GT(find(table.look({::getpid()}), ::getpid())->cpu_time, before);
}

TEST(ProcTable, TellsWhatFollowedProcessesUseAtEveryLook) {
    ProcTable table;
    table.look({});
    table.follow({::getpid()});
    const Duration before = find(table.look({::getpid()}), ::getpid())->cpu_time;
    ASSERT_TRUE(read_proc(::getpid()));
    while (read_proc(::getpid())->cpu_time == before) continue;
    EXPECT_GT(find(table.look({::getpid()}), ::getpid())->cpu_time, before);
}

TEST(ProcTable, TheParentOfAFollowedProcessThatEndedIsLookedAtAtOnce) {
    ProcTable table;
    const Process child = run_script("i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done");
    table.look({});
    table.follow({child.pid});
    table.look({child.pid});
    const Duration before = find(table.look({child.pid}), ::getpid())->reaped_cpu_time;
    ASSERT_TRUE(wait_exited(child.pidfd.get(), seconds(60)));
    ASSERT_TRUE(reap(child.pidfd.get()));
    EXPECT_GT(find(table.look({child.pid}), ::getpid())->reaped_cpu_time, before);
}

TEST(ProcTable, AnOrphanThatOnlySleepsIsSeenBelowItsNewParentAtOnce) {
    ProcTable table;
    const Process parent = run_script("sleep 1000 & wait");
    const auto child_of_it = [&] {
        const auto& procs = table.look({});
        const auto it =
            std::find_if(procs.begin(), procs.end(), [&](const auto& one) { return one.parent == parent.pid; });
        return it == procs.end() ? ProcStat() : *it;
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (child_of_it().pid == 0 && std::chrono::steady_clock::now() < deadline) continue;
    const pid_t orphan = child_of_it().pid;
    ASSERT_GT(orphan, 0);
    table.follow({parent.pid, orphan});
    for (unsigned round = 0; round <= ProcTable::kStale; ++round) table.look({parent.pid, orphan});
    ::kill(parent.pid, SIGKILL);
    ASSERT_TRUE(wait_exited(parent.pidfd.get(), seconds(10)) && reap(parent.pidfd.get()));
    const ProcStat* seen = find(table.look({parent.pid, orphan}), orphan);
    ASSERT_NE(seen, nullptr);
    EXPECT_NE(seen->parent, parent.pid);
    EXPECT_EQ(seen->threads, 1U);
    ::kill(orphan, SIGKILL);
}

TEST(NodeUse, IsReadFromTheKernelsTexts) {
    NodeUse use;
    add_cpu("cpu  100 20 30 1000 50 0 5 7 9 9\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5\n", use);
    EXPECT_EQ(use.cpus, 2U);
    EXPECT_EQ(use.cpu_time.ns, 162 * (seconds(1).ns / ::sysconf(_SC_CLK_TCK)));
    add_memory("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\nBuffers: 10 kB\nCached: 90 kB\n", use);
    EXPECT_EQ(use.memory_total, 1000U << 10U);
    EXPECT_EQ(use.memory, 600U << 10U);
    EXPECT_EQ(use.cache, 100U << 10U);
    add_disk(" 254       0 vda 10 2 16 5 20 3 32 6 0 1 2", use);
    EXPECT_EQ(use.read_bytes, 16U * 512);
    EXPECT_EQ(use.written_bytes, 32U * 512);
    const NodeUse now = look_at_node();
    EXPECT_GT(now.memory_total, now.memory);
    EXPECT_GT(now.cpu_time.ns, 0);
}

TEST(MemoryGroup, IsFoundByWhatTheKernelSaysOfAProcess) {
    const std::string text = "8:blkio,memory:/drover/a\n3:cpu:/b\n0::/c\n";
    EXPECT_EQ(memory_group(text, false), "/drover/a");
    EXPECT_EQ(memory_group(text, true), "/c");
    EXPECT_EQ(memory_group("8:memory:/\n", false), "");
    EXPECT_TRUE(is_of_one_task("/drover/a1b2.alloc.web.1"));
    EXPECT_TRUE(is_of_one_task("/system.slice/docker-4f1c.scope"));
    EXPECT_FALSE(is_of_one_task("/system.slice/drover.service"));
    EXPECT_EQ(memory_stat_file(::getpid(), read_mounts()), "") << "we are no task";
    EXPECT_EQ(memory_group("8:memory:/../x\n", false), "");
    EXPECT_EQ(cached_bytes("cache 1\nrss 2\ntotal_cache 30\n"), 30U);
    EXPECT_EQ(cached_bytes("anon 1\nfile 20\nkernel 3\n"), 20U);
    EXPECT_EQ(cached_bytes("anon 1\n"), 0U);
}

}  // namespace
}  // namespace drover::os
