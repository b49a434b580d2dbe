#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/stats/meter.hpp"
#include "driver-manager/stats/rhythm.hpp"
#include "driver-manager/stats/word.hpp"

namespace drover::stats {
namespace {

constexpr Instant kStart{1'000'000'000'000};

TEST(Rhythm, IsFastWhileSomebodyListensAndSlowOtherwise) {
    using enum Rhythm::Due;
    Rhythm rhythm;
    EXPECT_EQ(rhythm.due(kStart, false), all);
    rhythm.measured(kStart, all);
    EXPECT_EQ(rhythm.due(kStart + milliseconds(999), true), nothing);
    EXPECT_EQ(rhythm.due(kStart + seconds(1), true), heard);
    EXPECT_EQ(rhythm.due(kStart + milliseconds(9999), false), nothing);
    EXPECT_EQ(rhythm.due(kStart + seconds(10), false), all);
    for (int i = 1; i < 10; ++i) rhythm.measured(kStart + seconds(i), heard);
    EXPECT_EQ(rhythm.due(kStart + seconds(10), true), all)
        << "listeners to some do not keep the others from their turn";
}

TEST(Rhythm, WaitsEverLongerWhileItFailsAndIsItselfAgainAfterwards) {
    Rhythm rhythm;
    Instant now = kStart;
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 9; ++i) {
        rhythm.failed(now);
        const Instant before = now;
        while (rhythm.due(now, true) == Rhythm::Due::nothing) now = now + seconds(1);
        waits.push_back((now - before).ns / seconds(1).ns);
    }
    EXPECT_THAT(waits, testing::ElementsAre(1, 2, 4, 8, 16, 32, 64, 120, 120));
    rhythm.measured(now, Rhythm::Due::all);
    EXPECT_EQ(rhythm.due(now + seconds(1), true), Rhythm::Due::heard);
    rhythm.failed(now + seconds(1));
    EXPECT_EQ(rhythm.due(now + seconds(2), true), Rhythm::Due::heard);
}

os::ProcStat proc(pid_t pid, pid_t parent, Duration cpu, Duration reaped, std::uint64_t resident) {
    os::ProcStat out;
    out.pid = pid;
    out.parent = parent;
    out.cpu_time = cpu;
    out.reaped_cpu_time = reaped;
    out.resident = resident;
    return out;
}

const RunningTask kTask{{"a1", "web"}, "job", 3, 20};

std::optional<wire::TaskUsage> measure(Meter& meter, Instant now, const std::vector<os::ProcStat>& procs) {
    return meter.measure(now, Tree(procs), kTask);
}

TEST(Meter, CountsEveryProcessOfTheTaskAndWhatHasEndedAndNotTheShim) {
    Meter meter;
    const auto seen = measure(meter, kStart,
                              {proc(1, 0, seconds(99), seconds(99), 99), proc(10, 1, seconds(50), seconds(2), 7),
                               proc(20, 10, seconds(3), seconds(4), 100), proc(21, 20, seconds(5), {}, 200),
                               proc(30, 10, seconds(1), {}, 400), proc(40, 1, seconds(77), {}, 800)});
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->cpu_time, seconds(15));
    EXPECT_EQ(seen->memory, 700U);
    EXPECT_EQ(seen->processes, 3U);
    EXPECT_EQ(seen->cores, 0) << "one look says nothing of a rate";
    EXPECT_EQ(seen->seq, 3U);
}

TEST(Meter, TellsTheRateSinceTheLastLookAndTheHighestMemory) {
    Meter meter;
    const os::ProcStat shim = proc(10, 1, {}, {}, 7);
    measure(meter, kStart, {shim, proc(20, 10, seconds(1), {}, 900)});
    const auto seen = measure(meter, kStart + seconds(2), {shim, proc(20, 10, seconds(4), {}, 100)});
    ASSERT_TRUE(seen);
    EXPECT_DOUBLE_EQ(seen->cores, 1.5);
    EXPECT_EQ(seen->memory, 100U);
    EXPECT_EQ(seen->peak, 900U);
}

TEST(Meter, AddsUpWhatProcessesReadAndWriteAndForgetsNothingWhenTheyEnd) {
    Meter meter;
    const os::ProcStat shim = proc(10, 1, {}, {}, 7);
    const auto busy = [](pid_t pid, std::uint64_t start, std::uint64_t read, std::uint64_t written) {
        os::ProcStat out = proc(pid, pid == 20 ? 10 : 20, {}, {}, 1);
        out.start_time = start;
        out.read_bytes = read;
        out.written_bytes = written;
        return out;
    };
    measure(meter, kStart, {shim, busy(20, 1, 100, 0), busy(21, 2, 30, 5)});
    measure(meter, kStart + seconds(1), {shim, busy(20, 1, 150, 0)});
    const auto seen = measure(meter, kStart + seconds(2), {shim, busy(20, 1, 150, 8), busy(21, 9, 7, 1)});
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->read_bytes, 187U) << "another process with a number that was used before";
    EXPECT_EQ(seen->written_bytes, 14U);
    std::unordered_set<pid_t> processes;
    meter.append_processes(processes);
    EXPECT_EQ(processes, (std::unordered_set<pid_t>{20, 21}));
}

TEST(Meter, RestsWhileNoProcessOfTheTaskRunsOrComesOrGoes) {
    Meter meter;
    const os::ProcStat shim = proc(10, 1, {}, {}, 7);
    const auto at_rest = [](pid_t pid) {
        os::ProcStat out = proc(pid, 10, {}, {}, 1);
        out.start_time = 5;
        out.rested = true;
        return out;
    };
    const auto rests = [&](const std::vector<os::ProcStat>& procs) {
        EXPECT_TRUE(measure(meter, kStart, procs));
        return meter.rested();
    };
    EXPECT_FALSE(rests({shim, at_rest(20)})) << "it is new";
    EXPECT_TRUE(rests({shim, at_rest(20)}));
    EXPECT_FALSE(rests({shim, at_rest(20), at_rest(21)}));
    EXPECT_TRUE(rests({shim, at_rest(20), at_rest(21)}));
    EXPECT_FALSE(rests({shim, at_rest(20)})) << "one has ended";
    os::ProcStat busy = at_rest(20);
    busy.rested = false;
    EXPECT_FALSE(rests({shim, busy}));
    EXPECT_TRUE(rests({shim, at_rest(20)}));
}

TEST(Meter, SaysNothingOfATaskWhoseProcessesAreNotInSight) {
    Meter meter;
    EXPECT_FALSE(measure(meter, kStart, {proc(1, 0, {}, {}, 1)}));
    EXPECT_FALSE(measure(meter, kStart, {proc(1, 0, {}, {}, 1), proc(20, 1, {}, {}, 1)}))
        << "without its shim it is a child of init like any other";
}

TEST(Word, OfADriverBecomesASampleOfOurs) {
    const RunningTask task{{"a1", "web"}, "job", 2, 0};
    const Instant now{1'000'000'000'000};
    const wire::TaskUsage first = by_word(now, {"id", seconds(3), 500, 2}, task, {});
    EXPECT_EQ(first.cores, 0);
    EXPECT_EQ(first.peak, 500u);
    const wire::TaskUsage second = by_word(now + seconds(2), {"id", seconds(4), 300, 2}, task, first);
    EXPECT_EQ(second.cores, 0.5);
    EXPECT_EQ(second.memory, 300u);
    EXPECT_EQ(second.peak, 500u);
    EXPECT_EQ(by_word(now + seconds(4), {"id", {}, 1, 1}, {{"a1", "web"}, "job", 3, 0}, second).peak, 1u)
        << "another start has samples of its own";
}

}  // namespace
}  // namespace drover::stats
