#include "gateway/standing.hpp"

#include <gtest/gtest.h>

#include "gateway/test_objects.hpp"
#include "gateway/views.hpp"

namespace drover::gateway {
namespace {

using wire::ClientStatus;
using wire::TaskState;

template <class T>
Shared<T> shared(T object) {
    return std::make_shared<const T>(std::move(object));
}

AllocEntry entry(const wire::AllocDesired& alloc, ClientStatus status, TaskState task) {
    return {shared(alloc), shared(test::status(alloc, status, task)), nullptr};
}

NodeEntry node_entry(const std::string& id, bool healthy = true) { return {shared(test::node(id, healthy)), nullptr}; }

const std::vector<NodeEntry> kNodes = {node_entry("node-1")};

TEST(Standing, AServiceRunsWhenEveryAllocDoes) {
    const auto job = test::job("web", 2);
    std::vector<AllocEntry> allocs = {entry(test::alloc("a", job, 0), ClientStatus::running, TaskState::running)};
    EXPECT_EQ(standing(job, allocs, kNodes, true).status, "pending");
    allocs.push_back(entry(test::alloc("b", job, 1), ClientStatus::running, TaskState::running));
    EXPECT_EQ(standing(job, allocs, kNodes, true).status, "running");
    EXPECT_EQ(count_groups(job, allocs)["front"].running, 2U);
}

TEST(Standing, ABatchJobIsCompleteWhenEveryAllocIs) {
    const auto job = test::job("sum", 2);
    std::vector<AllocEntry> allocs = {entry(test::alloc("a", job, 0), ClientStatus::complete, TaskState::dead),
                                      entry(test::alloc("b", job, 1), ClientStatus::running, TaskState::running)};
    EXPECT_EQ(standing(job, allocs, kNodes, true).status, "running");
    allocs[1] = entry(test::alloc("b", job, 1), ClientStatus::complete, TaskState::dead);
    EXPECT_EQ(standing(job, allocs, kNodes, true).status, "complete");
}

TEST(Standing, AJobThatWaitsSaysWhy) {
    const auto job = test::job("web");
    EXPECT_EQ(standing(job, {}, kNodes, false).why, "no alloc-runner is at work, so nothing is placed");
    EXPECT_EQ(standing(job, {}, {}, true).why, "no node is ready");
    EXPECT_EQ(standing(job, {}, {node_entry("n", false)}, true).why,
              "no eligible node has every driver of group \"front\" healthy (raw_exec)");
    EXPECT_EQ(standing(job, {}, kNodes, true).why, "group \"front\" is being placed");

    const auto alloc = test::alloc("4f1c000000000000", job);
    auto waiting = test::status(alloc, ClientStatus::pending, TaskState::pending);
    waiting.tasks[0].why = "restarting in 15s";
    EXPECT_EQ(standing(job, {{shared(alloc), shared(waiting), nullptr}}, kNodes, true).why,
              "alloc 4f1c0000, task \"server\": restarting in 15s");
}

TEST(Standing, ANodeWithoutRoomIsNamedByWhatItLacks) {
    auto job = test::job("web");
    job.spec.groups[0].ports["http"].number = 8080;
    NodeEntry node = node_entry("node-1");
    node.use.add(job.spec.groups[0], nullptr);
    EXPECT_EQ(standing(job, {}, {node}, true).why,
              "no eligible node has room for group \"front\": port 8080 is taken by another alloc");
    EXPECT_EQ(standing(job, {}, {node, node_entry("node-2")}, true).why, "group \"front\" is being placed");
}

TEST(Standing, AJobWithoutAnEligibleNodeSaysSo) {
    wire::NodeOrder order;
    order.eligible = false;
    NodeEntry node = node_entry("n");
    node.order = shared(order);
    EXPECT_EQ(standing(test::job("web"), {}, {node}, true).why,
              "no ready node is eligible for new allocs; `drover node status` lists them");
    order.eligible = true;
    node.order = shared(order);
    EXPECT_EQ(standing(test::job("web"), {}, {node}, true).why, "group \"front\" is being placed");
}

TEST(Standing, AnAllocThatWasRemovedAfterItsEndStillCounts) {
    auto job = test::job("sum", 2);
    job.completed["front"] = {0};
    const std::vector<AllocEntry> allocs = {entry(test::alloc("b", job, 1), ClientStatus::complete, TaskState::dead)};
    EXPECT_EQ(standing(job, allocs, kNodes, true).status, "complete");
    EXPECT_EQ(count_groups(job, allocs)["front"].complete, 2U);
    job.failed["front"] = {1};
    job.completed.clear();
    EXPECT_EQ(standing(job, {}, kNodes, true).status, "failed");
    EXPECT_EQ(standing(job, {}, kNodes, true).why, "an alloc that was removed since failed");
}

TEST(Standing, AFailedJobNamesTheTask) {
    const auto job = test::job("web");
    const auto alloc = test::alloc("4f1c000000000000", job);
    auto failed = test::status(alloc, ClientStatus::failed, TaskState::dead);
    failed.tasks[0].failed = true;
    const Standing s = standing(job, {{shared(alloc), shared(failed), nullptr}}, kNodes, true);
    EXPECT_EQ(s.status, "failed");
    EXPECT_EQ(s.why, "task \"server\" of alloc 4f1c0000 failed");
}

TEST(Standing, AllocsOfAnOlderVersionCountOnlyWhenTheirGroupIsUnchanged) {
    const auto before = test::job("web");
    const auto old = test::alloc("a", before);
    auto after = before;
    after.version = 2;
    EXPECT_TRUE(is_current(after, old));
    after.spec.groups[0].count = 3;
    EXPECT_TRUE(is_current(after, old));
    after.spec.groups[0].tasks[0].user = "nobody";
    EXPECT_FALSE(is_current(after, old));
    EXPECT_EQ(standing(after, {entry(old, ClientStatus::running, TaskState::running)}, kNodes, true).status, "pending");
}

TEST(Standing, AStoppedJobIsStoppingUntilEveryAllocHasEnded) {
    auto job = test::job("web");
    job.stopped = true;
    const auto alloc = test::alloc("a", job);
    EXPECT_EQ(standing(job, {entry(alloc, ClientStatus::running, TaskState::running)}, {}, true).status, "stopping");
    EXPECT_EQ(standing(job, {entry(alloc, ClientStatus::complete, TaskState::dead)}, {}, true).status, "stopped");
}

TEST(Views, AnAllocShowsEveryEventOfEachTaskOldestFirst) {
    const auto job = test::job("web");
    const auto alloc = test::alloc("4f1c000000000000", job);
    auto status = test::status(alloc, ClientStatus::complete, TaskState::dead);
    status.tasks[0].exit = wire::ExitRecord{130, 2, false, ""};
    std::vector<wire::RecordedEvent> events(3);
    events[0].event.task = "server";
    events[0].event.type = "Received";
    events[1].event.task = "other";
    events[2].event.task = "server";
    events[2].event.type = "Terminated";
    events[2].event.details["exit_code"] = "130";
    const Json view = alloc_view({shared(alloc), shared(status), nullptr}, events);
    EXPECT_EQ(view["status"], "complete");
    EXPECT_EQ(view["desired"], "run");
    const Json& task = view["tasks"][0];
    EXPECT_EQ(task["exit"]["signal"], 2);
    ASSERT_EQ(task["events"].size(), 2U);
    EXPECT_EQ(task["events"][0]["type"], "Received");
    EXPECT_EQ(task["events"][1]["details"]["exit_code"], "130");
}

TEST(Views, AnAllocThatNobodyReportedYetIsPendingWithItsTasks) {
    const auto job = test::job("web");
    wire::AllocOrder order;
    order.stop = true;
    const Json view = alloc_view({shared(test::alloc("a", job)), nullptr, shared(order)});
    EXPECT_EQ(view["status"], "pending");
    EXPECT_EQ(view["desired"], "stop");
    EXPECT_EQ(view["tasks"][0]["state"], "pending");
    EXPECT_TRUE(view["tasks"][0]["exit"].is_null());
}

TEST(Views, HealthSaysWhatIsMissing) {
    Mirror mirror;
    const Instant now{seconds(100).ns};
    EXPECT_EQ(health_view("gw-0", mirror, now)["missing"].size(), 3U);
    mirror.heard({"store-0", "state-store", "b", now - seconds(1)});
    mirror.on_complete("store-0", "state");
    test::put(mirror, "members", test::members());
    test::put(mirror, "node/node-1", test::node("node-1"));
    const Json well = health_view("gw-0", mirror, now);
    EXPECT_TRUE(well["ok"]);
    EXPECT_EQ(well["missing"].size(), 0U);
    const Json later = health_view("gw-0", mirror, now + seconds(3));
    EXPECT_FALSE(later["ok"]);
    EXPECT_EQ(later["missing"][0], "The state-store has not been heard for 3 s: changes and events are not available.");
}

}  // namespace
}  // namespace drover::gateway
