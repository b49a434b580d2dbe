// A stop always ends the task, whatever it is doing, and its history says exactly what happened.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <iterator>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

using testing::ElementsAre;

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string job(const std::string& name, const std::string& group, const std::string& task) {
    return "job: " + name + "\ngroups:\n  - name: group\n" + group + "    tasks:\n      - name: task\n" + task;
}

bool shows(const Cluster& cluster, const std::string& name, const std::string& event) {
    const auto types = event_types(cluster.alloc(name), "task");
    return std::find(types.begin(), types.end(), event) != types.end();
}

bool dead(const Cluster& cluster, const std::string& name) {
    const Json task = task_of(cluster.alloc(name), "task");
    return task.is_object() && task["state"] == "dead";
}

Duration stop(const Cluster& cluster, const std::string& name) {
    const Instant asked = now();
    const Outcome outcome = cluster.drover({"job", "stop", name});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_TRUE(eventually([&] { return dead(cluster, name); }, seconds(20))) << cluster.alloc(name);
    return now() - asked;
}

TEST(Stop, DuringStartEndsATaskThatNeverRan) {
    Cluster cluster;
    cluster.submit("starting", job("starting", "",
                                   "        driver: mock\n"
                                   "        config: { start_block_for: 60s, run_for: 60s }\n"));
    ASSERT_TRUE(eventually([&] { return shows(cluster, "starting", "Task Setup"); }, seconds(20)));
    EXPECT_LT(stop(cluster, "starting"), seconds(15));
    EXPECT_THAT(event_types(cluster.alloc("starting"), "task"), ElementsAre("Received", "Task Setup", "Killing"));
    EXPECT_EQ(task_of(cluster.alloc("starting"), "task")["failed"], false);
}

TEST(Stop, DuringARestartDelayEndsTheTaskWithoutAnotherStart) {
    Cluster cluster;
    cluster.submit("delayed", job("delayed", "    restart: { attempts: 3, interval: 30m, delay: 60s, mode: fail }\n",
                                  "        driver: raw_exec\n"
                                  "        config: { command: /bin/sh, args: [\"-c\", \"exit 3\"] }\n"));
    ASSERT_TRUE(eventually([&] { return shows(cluster, "delayed", "Restarting"); }, seconds(20)));
    EXPECT_LT(stop(cluster, "delayed"), seconds(10));
    EXPECT_THAT(event_types(cluster.alloc("delayed"), "task"),
                ElementsAre("Received", "Task Setup", "Started", "Terminated", "Restarting", "Killing"));
}

TEST(Stop, OfATaskThatIgnoresTheSignalKillsItAtItsKillTimeout) {
    Cluster cluster;
    const std::string ready = cluster.dir() + "/ready";
    cluster.submit("stubborn", job("stubborn", "",
                                   "        driver: raw_exec\n        kill_signal: SIGTERM\n        kill_timeout: 2s\n"
                                   "        config: { command: /bin/sh, args: [\"-c\", \"trap '' TERM INT; echo > " +
                                       ready + "; while :; do sleep 0.2; done\"] }\n"));
    ASSERT_TRUE(
        eventually([&] { return !slurp(ready).empty() && shows(cluster, "stubborn", "Started"); }, seconds(20)));
    const pid_t pid = task_of(cluster.alloc("stubborn"), "task")["pid"];
    ASSERT_TRUE(alive(pid));
    EXPECT_GE(stop(cluster, "stubborn"), seconds(2));
    EXPECT_FALSE(alive(pid));

    const Json task = task_of(cluster.alloc("stubborn"), "task");
    ASSERT_THAT(event_types(cluster.alloc("stubborn"), "task"),
                ElementsAre("Received", "Task Setup", "Started", "Killing", "Terminated", "Killed"));
    EXPECT_EQ(task["events"][3]["message"], "Sent interrupt. Waiting 2s before force killing");
    EXPECT_EQ(task["events"][4]["message"], "Exit Code: 137, Signal: 9");
    const auto time = [&](std::size_t i) { return Instant{task["events"][i]["time"].get<std::int64_t>()}; };
    EXPECT_GE(time(4) - time(3), milliseconds(1900));
    EXPECT_LT(time(4) - time(3), milliseconds(4000));
}

// Leaves its session twice over, so that no process group and no parent leads to it, and ignores what can be ignored.
constexpr const char* kEscape = R"(import os, signal, sys
for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(sig, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0: os._exit(0)
    with open(sys.argv[1] + '.tmp', 'w') as out: out.write(str(os.getpid()))
    os.rename(sys.argv[1] + '.tmp', sys.argv[1])
    while True: signal.pause()
for sig in (signal.SIGTERM, signal.SIGINT): signal.signal(sig, signal.SIG_DFL)
while True: signal.pause()
)";

TEST(Stop, OfATaskWhoseChildrenEscapedEndsThemToo) {
    Cluster cluster;
    const std::string script = cluster.dir() + "/escape.py";
    const std::string escaped = cluster.dir() + "/escaped";
    std::ofstream(script) << kEscape;
    cluster.submit("escape", job("escape", "",
                                 "        driver: raw_exec\n        kill_timeout: 2s\n"
                                 "        config: { command: /usr/bin/python3, args: [\"" +
                                     script + "\", \"" + escaped + "\"] }\n"));
    ASSERT_TRUE(
        eventually([&] { return !slurp(escaped).empty() && shows(cluster, "escape", "Started"); }, seconds(20)));
    const std::string text = slurp(escaped);
    pid_t child = 0;
    std::from_chars(text.data(), text.data() + text.size(), child);
    const pid_t main = task_of(cluster.alloc("escape"), "task")["pid"];
    ASSERT_TRUE(alive(child));
    ASSERT_TRUE(alive(main));
    stop(cluster, "escape");
    EXPECT_FALSE(alive(main));
    EXPECT_FALSE(alive(child)) << "the child that left the task's session survived the stop";

    ASSERT_THAT(event_types(cluster.alloc("escape"), "task"),
                ElementsAre("Received", "Task Setup", "Started", "Killing", "Terminated", "Killed"));
    EXPECT_EQ(task_of(cluster.alloc("escape"), "task")["events"][4]["message"], "Exit Code: 130, Signal: 2");
}

TEST(Stop, OfALeaderEndsItsFollowers) {
    Cluster cluster;
    cluster.submit("led", R"(
job: led
type: batch
groups:
  - name: group
    tasks:
      - name: leader
        leader: true
        driver: raw_exec
        config: { command: /bin/sleep, args: ["0.5"] }
      - name: follower
        driver: raw_exec
        config: { command: /bin/sleep, args: ["100000"] }
)");
    ASSERT_TRUE(eventually(
        [&] {
            const Json alloc = cluster.alloc("led");
            return alloc.is_object() && alloc["status"] == "complete" && !event_types(alloc, "follower").empty() &&
                   event_types(alloc, "follower").back() == "Killed";
        },
        seconds(20)))
        << cluster.alloc("led");
    const Json follower = task_of(cluster.alloc("led"), "follower");
    ASSERT_THAT(
        event_types(cluster.alloc("led"), "follower"),
        ElementsAre("Received", "Task Setup", "Started", "Leader Task Dead", "Killing", "Terminated", "Killed"));
    EXPECT_EQ(follower["events"][3]["message"], "Leader Task in Group dead");
    EXPECT_EQ(follower["events"][4]["message"], "Sent interrupt. Waiting 5s before force killing");
    EXPECT_EQ(follower["events"][5]["message"], "Exit Code: 130, Signal: 2");
    EXPECT_EQ(follower["events"][6]["message"], "Task successfully killed");
    EXPECT_EQ(follower["failed"], false);
    EXPECT_THAT(event_types(cluster.alloc("led"), "leader"),
                ElementsAre("Received", "Task Setup", "Started", "Terminated"));
}

}  // namespace
}  // namespace drover::integration
