// Anyone can listen: a subscriber in another language, without our code and without a schema.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

using testing::ElementsAre;

std::vector<Json> lines(const std::string& path) {
    std::ifstream in(path);
    std::vector<Json> out;
    for (std::string line; std::getline(in, line);) {
        Json json = Json::parse(line, nullptr, false);
        if (json.is_object()) out.push_back(std::move(json));
    }
    return out;
}

std::string greets(const std::string& job) {
    return "job: " + job + R"(
type: batch
groups:
  - name: group
    tasks:
      - { name: task, driver: raw_exec, config: { command: /bin/echo, args: [hello] } }
)";
}

bool completes(const Cluster& cluster, const std::string& job) {
    return eventually(
        [&] {
            const Json alloc = cluster.alloc(job);
            return alloc.is_object() && alloc["status"] == "complete";
        },
        seconds(20));
}

// The examples, which know nothing of Drover but the frames.
void expect_reads_one_jobs_events(const std::string& language, const std::string& program) {
    Cluster cluster;
    const std::string out = cluster.dir() + "/tapped";
    const pid_t tap = spawn({language, std::string(DROVER_SOURCE) + "/examples/taps/" + program,
                             cluster.tap_endpoint(Service::state_store), "v1/task/event/web/", "60"},
                            {"TAP_OF=" + cluster.dir()}, out, out + ".err");
    ASSERT_TRUE(eventually([&] { return !lines(out).empty(); }, seconds(20)));

    // Run first: by its end the subscription has long been in place, and its name begins like the one tapped.
    cluster.submit("web-2", greets("web-2"));
    ASSERT_TRUE(completes(cluster, "web-2"));
    cluster.submit("web", greets("web"));
    ASSERT_TRUE(completes(cluster, "web"));
    ASSERT_TRUE(eventually([&] { return lines(out).size() >= 5; }, seconds(10))) << cluster.logs();
    kill(tap, SIGTERM);
    reap(tap, seconds(5));

    const std::string id = cluster.alloc("web")["id"];
    std::vector<std::string> types;
    std::uint64_t last = 0;
    for (const Json& line : lines(out)) {
        if (!line.contains("topic")) continue;
        EXPECT_EQ(line["topic"], "v1/task/event/web/" + id + "/task/");
        EXPECT_EQ(line["kind"], "TaskEvent");
        EXPECT_EQ(line["key"], "web/" + id + "/task");
        EXPECT_EQ(line["body"]["n"], types.size() + 1);
        EXPECT_GT(line["number"].get<std::uint64_t>(), last);
        last = line["number"];
        types.push_back(line["body"]["type"]);
    }
    EXPECT_THAT(types, ElementsAre("Received", "Task Setup", "Started", "Terminated"));
}

TEST(Tap, APythonSubscriberReadsOneJobsEventsWithoutASchema) {
    expect_reads_one_jobs_events("/usr/bin/python3", "tap.py");
}

TEST(Tap, AJavaScriptSubscriberNeedsNotEvenALibrary) { expect_reads_one_jobs_events("/usr/bin/node", "tap.mjs"); }

TEST(Tap, WhatATaskUsesOfItsNodeIsToldToWhoeverAsks) {
    Cluster cluster;
    cluster.submit("busy", R"(
job: busy
groups:
  - name: group
    tasks:
      # Its child is busy, not itself.
      - { name: spin, driver: raw_exec, config: { command: /bin/sh, args: ["-c", "while :; do :; done & wait"] } }
      - { name: idle, driver: raw_exec, config: { command: /bin/sleep, args: ["1000"] } }
)");
    ASSERT_TRUE(eventually(
        [&] {
            const Json alloc = cluster.alloc("busy");
            return alloc.is_object() && alloc["status"] == "running";
        },
        seconds(20)));
    const std::string id = cluster.alloc("busy")["id"];
    Json spin, idle;
    const auto measured = [&] {
        const Outcome stats = cluster.drover({"alloc", "stats", id.substr(0, 8), "-o", "json"});
        std::istringstream out(stats.out);
        for (std::string line; std::getline(out, line);) {
            Json usage = Json::parse(line, nullptr, false);
            if (usage.is_object()) (usage["task"] == "spin" ? spin : idle) = usage;
        }
        return spin.is_object() && idle.is_object() && spin["cores"] > 0.1;
    };
    ASSERT_TRUE(eventually(measured, seconds(20))) << spin << idle << cluster.logs();
    EXPECT_LT(idle["cores"], 0.1);
    EXPECT_EQ(spin["processes"], 2);
    EXPECT_EQ(idle["processes"], 1);
    EXPECT_GT(idle["memory"], 100'000);
    EXPECT_GE(idle["peak"], idle["memory"]);
    EXPECT_EQ(spin["seq"], 1);
}

}  // namespace
}  // namespace drover::integration
