#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/stats/starts.hpp"
#include "driver-manager/stats/tolls.hpp"

namespace drover::stats {
namespace {

using driver_manager::TaskKey;
using testing::HasSubstr;
using testing::Not;

const TaskKey kFirst{"a1", "server"}, kSecond{"a2", "server"};
const std::string kWho = "{job=\"web\",group=\"front\",task=\"server\"}";

template <class T>
std::string page_of(const T& what) {
    metrics::Page page;
    what.measure(page);
    return page.text();
}

wire::TaskUsage usage(const std::string& alloc, std::uint64_t seq, int cpu_seconds, std::uint64_t log_bytes) {
    wire::TaskUsage out;
    out.job = "web";
    out.alloc = alloc;
    out.task = "server";
    out.seq = seq;
    out.cpu_time = seconds(cpu_seconds);
    out.log_bytes = log_bytes;
    out.memory = 100;
    return out;
}

TEST(Tolls, AddUpWhatAllocsOfOneTaskUseAndNeverFallWhenOneGoes) {
    Tolls tolls;
    const KnownTask task{"web", "front", false};
    tolls.take({{kFirst, task}, {kSecond, task}}, {usage("a1", 1, 2, 10), usage("a2", 1, 3, 20)});
    EXPECT_THAT(page_of(tolls), HasSubstr("cpu_seconds_total" + kWho + " 5\n"));
    EXPECT_THAT(page_of(tolls), HasSubstr("memory_bytes" + kWho + " 200\n"));
    EXPECT_THAT(page_of(tolls),
                HasSubstr("drover_task_info{alloc=\"a2\",job=\"web\",group=\"front\",task=\"server\"} 1"));
    tolls.take({{kSecond, task}}, {usage("a2", 1, 4, 25)});
    EXPECT_THAT(page_of(tolls), HasSubstr("cpu_seconds_total" + kWho + " 6\n"));
    EXPECT_THAT(page_of(tolls), HasSubstr("log_bytes_total" + kWho + " 35\n"));
    EXPECT_THAT(page_of(tolls), HasSubstr("memory_bytes" + kWho + " 100\n"));
    EXPECT_THAT(page_of(tolls), Not(HasSubstr("alloc=\"a1\"")));
}

TEST(Tolls, GoOnOverARestartOfTheTask) {
    Tolls tolls;
    const KnownTask task{"web", "front", false};
    tolls.take({{kFirst, task}}, {usage("a1", 1, 2, 10)});
    tolls.take({{kFirst, task}}, {});
    tolls.take({{kFirst, task}}, {usage("a1", 2, 1, 15)});
    EXPECT_THAT(page_of(tolls), HasSubstr("cpu_seconds_total" + kWho + " 3\n"));
    EXPECT_THAT(page_of(tolls), HasSubstr("log_bytes_total" + kWho + " 15\n"));
}

TEST(Tolls, OfAnAdoptedTaskBeginAtZeroAsCountersOfANewProcessDo) {
    Tolls tolls;
    const KnownTask task{"web", "front", true};
    tolls.take({{kFirst, task}}, {usage("a1", 1, 200, 1000)});
    EXPECT_THAT(page_of(tolls), HasSubstr("cpu_seconds_total" + kWho + " 0\n"));
    tolls.take({{kFirst, task}}, {usage("a1", 1, 201, 1004)});
    EXPECT_THAT(page_of(tolls), HasSubstr("cpu_seconds_total" + kWho + " 1\n"));
    EXPECT_THAT(page_of(tolls), HasSubstr("log_bytes_total" + kWho + " 4\n"));
}

TEST(Tolls, AreGoneWithTheLastAllocOfTheTask) {
    Tolls tolls;
    tolls.take({{kFirst, {"web", "front", false}}}, {usage("a1", 1, 2, 10)});
    tolls.take({}, {});
    EXPECT_THAT(page_of(tolls), Not(HasSubstr("\"web\"")));
}

TEST(Starts, AreMeasuredByStepAndWhole) {
    Starts starts;
    EXPECT_THAT(page_of(starts), HasSubstr("drover_start_seconds_count{step=\"templates\"} 0\n"));
    wire::IncarnationObserved state;
    state.seq = 1;
    starts.begun(kFirst, 1, Instant{seconds(10).ns});
    starts.heard(kFirst, state, Instant{seconds(11).ns});
    state.phase = wire::RunPhase::running;
    state.steps.push_back({wire::SetupKind::artifacts, {}, seconds(2), true, ""});
    starts.heard(kFirst, state, Instant{seconds(13).ns});
    starts.heard(kFirst, state, Instant{seconds(14).ns});
    EXPECT_THAT(page_of(starts), HasSubstr("drover_start_seconds_sum{step=\"artifacts\"} 2\n"));
    EXPECT_THAT(page_of(starts), HasSubstr("drover_start_seconds_sum{step=\"all\"} 3\n"));
    EXPECT_THAT(page_of(starts), HasSubstr("drover_start_seconds_count{step=\"all\"} 1\n"));
}

TEST(Starts, ThatFailedAreNotMeasured) {
    Starts starts;
    wire::IncarnationObserved state;
    state.seq = 1;
    starts.begun(kFirst, 1, Instant{1});
    state.phase = wire::RunPhase::start_failed;
    starts.heard(kFirst, state, Instant{2});
    state.phase = wire::RunPhase::running;
    starts.heard(kFirst, state, Instant{3});
    EXPECT_THAT(page_of(starts), HasSubstr("drover_start_seconds_count{step=\"all\"} 0\n"));
}

}  // namespace
}  // namespace drover::stats
