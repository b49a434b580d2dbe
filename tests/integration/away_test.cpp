// The state-store may be away for minutes: what it has said before stays in force, and what happens meanwhile is
// recorded when it is back, whole and in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

using testing::Contains;
using testing::Not;

std::size_t count_lines(const std::string& path) {
    std::ifstream in(path);
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) ++count;
    return count;
}

std::string job(const std::string& name, const std::string& group, const std::string& task, const std::string& script) {
    return "job: " + name + "\ngroups:\n  - name: group\n" + group +
           "    tasks:\n      - name: task\n        driver: raw_exec\n" + task +
           "        config: { command: /bin/sh, args: [\"-c\", \"" + script + "\"] }\n";
}

pid_t pid_of(const Cluster& cluster, const std::string& name) {
    const Json task = task_of(cluster.alloc(name), "task");
    return task.is_object() && task.value("state", "") == "running" ? task.value("pid", 0) : 0;
}

bool dead(const Cluster& cluster, const std::string& name) {
    const Json task = task_of(cluster.alloc(name), "task");
    return task.is_object() && task.value("state", "") == "dead";
}

// The events of a task, numbered without a hole and in the order in which they happened.
void expect_whole(const Json& alloc) {
    const Json task = task_of(alloc, "task");
    ASSERT_TRUE(task.is_object()) << alloc;
    std::uint64_t n = 0;
    std::int64_t last = 0;
    for (const Json& event : task["events"]) {
        EXPECT_EQ(event["n"], ++n) << task["events"];
        EXPECT_LE(last, event["time"].get<std::int64_t>()) << task["events"];
        last = event["time"];
    }
}

TEST(Away, WhatHappensWithoutTheStoreIsDoneByItsLastWordAndRecordedWhenItIsBack) {
    Cluster cluster;
    const std::string runs = cluster.dir() + "/runs";
    cluster.submit("flaky", job("flaky", "    restart: { attempts: 1000, interval: 1h, delay: 1s, mode: delay }\n", "",
                                "echo run >> " + runs + "; sleep 0.5; exit 7"));
    cluster.submit("stubborn",
                   job("stubborn", "", "        kill_timeout: 8s\n", "trap '' INT; while :; do sleep 1; done"));
    cluster.submit("limited", job("limited", "    max_run_duration: 25s\n", "", "sleep 1000"));
    ASSERT_TRUE(eventually(
        [&] { return pid_of(cluster, "limited") > 0 && pid_of(cluster, "stubborn") > 0 && count_lines(runs) >= 1; },
        seconds(20)))
        << cluster.logs();
    const pid_t limited = pid_of(cluster, "limited");
    const pid_t stubborn = pid_of(cluster, "stubborn");
    ASSERT_EQ(cluster.drover({"job", "stop", "--detach", "stubborn"}).code, 0);
    ASSERT_TRUE(eventually(
        [&] {
            const auto types = event_types(cluster.alloc("stubborn"), "task");
            return std::find(types.begin(), types.end(), "Killing") != types.end();
        },
        seconds(10)));
    ASSERT_TRUE(alive(stubborn)) << "it takes its time";

    cluster.kill(Service::state_store);
    const std::size_t before = count_lines(runs);
    EXPECT_TRUE(eventually([&] { return !alive(stubborn); }, seconds(20))) << "stopped as it was told before";
    EXPECT_TRUE(eventually([&] { return !alive(limited); }, seconds(60))) << "ended when its time was over";
    EXPECT_TRUE(eventually([&] { return count_lines(runs) >= before + 5; }, seconds(60))) << "restarted by its policy";
    EXPECT_FALSE(dead(cluster, "limited")) << "nobody has recorded that";

    cluster.start(Service::state_store);
    EXPECT_TRUE(eventually([&] { return cluster.healthy() && dead(cluster, "limited") && dead(cluster, "stubborn"); },
                           seconds(30)))
        << cluster.logs();
    cluster.drover({"job", "stop", "flaky"});
    ASSERT_TRUE(eventually([&] { return dead(cluster, "flaky"); }, seconds(20)));
    const auto history_has_every_run = [&] {
        const auto types = event_types(cluster.alloc("flaky"), "task");
        return static_cast<std::size_t>(std::count(types.begin(), types.end(), "Started")) == count_lines(runs);
    };
    EXPECT_TRUE(eventually(history_has_every_run, seconds(20))) << cluster.alloc("flaky") << count_lines(runs);
    for (const char* name : {"flaky", "stubborn", "limited"}) expect_whole(cluster.alloc(name));

    const auto types = event_types(cluster.alloc("flaky"), "task");
    for (std::size_t i = 0; i < types.size(); ++i) {
        const bool stopped = i > 0 && types[i - 1] == "Killing";  // while it ran
        if (types[i] == "Terminated" && i + 1 < types.size() && !stopped && types[i + 1] != "Killing") {
            EXPECT_EQ(types[i + 1], "Restarting");
        }
        if (types[i] == "Restarting" && i + 1 < types.size() && types[i + 1] != "Killing") {
            EXPECT_EQ(types[i + 1], "Started");
        }
    }
    EXPECT_EQ(cluster.alloc("limited")["status"], "complete");
    EXPECT_THAT(event_types(cluster.alloc("stubborn"), "task"), Contains("Killed"));
    EXPECT_THAT(event_types(cluster.alloc("stubborn"), "task"), Not(Contains("Restarting")));
}

}  // namespace
}  // namespace drover::integration
