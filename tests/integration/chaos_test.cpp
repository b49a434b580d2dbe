// The promises that Drover is for: whatever of it is killed, tasks go on, and what happened to them is told truly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

using testing::ElementsAre;

constexpr std::size_t kTasks = 20;

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// alloc/task -> pid and start time.
using Processes = std::map<std::string, std::pair<pid_t, std::uint64_t>>;

// Of the tasks that are shown as running and do run.
Processes running(const Cluster& cluster, const std::string& job) {
    Processes found;
    for (const Json& alloc : cluster.allocs(job)) {
        for (const Json& task : alloc["tasks"]) {
            const pid_t pid = task["pid"];
            if (task["state"] == "running" && alive(pid)) {
                found[alloc["id"].get<std::string>() + "/" + task["name"].get<std::string>()] = {pid, start_time(pid)};
            }
        }
    }
    return found;
}

constexpr const char* kTwenty = R"(
job: twenty
groups:
  - name: group
    count: 10
    tasks:
      - { name: one, driver: raw_exec, config: { command: /bin/sleep, args: ["100000"] } }
      - { name: two, driver: raw_exec, config: { command: /bin/sleep, args: ["100000"] } }
)";

// Kills the given services together, starts them again, and expects to see the same processes within two seconds.
// `while_down` runs in between.
void kill_and_expect_the_same(Cluster& cluster, const std::vector<Service>& victims, const Processes& before,
                              const std::function<void()>& while_down) {
    for (const Service service : victims) cluster.kill(service);
    while_down();
    for (const Service service : victims) cluster.start(service);
    const Instant restarted = now();
    const bool seen =
        eventually([&] { return cluster.healthy() && running(cluster, "twenty").size() == kTasks; }, seconds(15));
    const Duration took = now() - restarted;
    ASSERT_TRUE(seen) << cluster.get("/v1/health");
    EXPECT_LT(took, seconds(2)) << "after kill -9 of " << victims.size() << " services, first "
                                << to_string(victims.front());
    EXPECT_EQ(running(cluster, "twenty"), before);
}

// Orders a harmless signal for the first task of the alloc, which makes one event.
void poke(const Cluster& cluster, const std::string& alloc) {
    const Outcome outcome = cluster.drover({"alloc", "signal", "-s", "SIGCONT", alloc, "one"});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
}

TEST(Chaos, TwentyTasksKeepTheirPidsWhileEveryServiceIsKilledInTenRounds) {
    Cluster cluster;
    cluster.submit("twenty", kTwenty);
    ASSERT_TRUE(eventually([&] { return running(cluster, "twenty").size() == kTasks; }, seconds(30)));
    const Processes before = running(cluster, "twenty");
    const auto allocs = cluster.allocs("twenty");

    constexpr std::size_t kRounds = 10;
    for (std::size_t round = 0; round < kRounds && !HasFailure(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const std::string alloc = allocs[round]["id"];
        const auto order = [&] { poke(cluster, alloc); };
        const auto nothing = [] {};
        kill_and_expect_the_same(cluster, {Service::alloc_runner}, before, order);
        kill_and_expect_the_same(cluster, {Service::driver_manager}, before, order);
        kill_and_expect_the_same(cluster, {Service::gateway}, before, nothing);
        kill_and_expect_the_same(cluster, {Service::state_store}, before, nothing);
        order();  // and nobody has time to hear of it
        kill_and_expect_the_same(cluster, {kServices.begin(), kServices.end()}, before, nothing);
    }
    std::vector<std::string> history = {"Received", "Task Setup", "Started"};
    for (const Json& summary : allocs) {
        const Json alloc = cluster.get("/v1/allocs/" + summary["id"].get<std::string>());
        EXPECT_EQ(event_types(alloc, "two"), history);
    }
    history.insert(history.end(), 3, "Signaling");
    for (const Json& summary : allocs) {
        const std::string path = "/v1/allocs/" + summary["id"].get<std::string>();
        const auto types = [&] { return event_types(cluster.get(path), "one"); };
        eventually([&] { return types().size() >= history.size(); }, seconds(10));
        EXPECT_EQ(types(), history);
    }
    EXPECT_EQ(cluster.drover({"job", "stop", "twenty"}).code, 0);
    EXPECT_TRUE(eventually([&] { return running(cluster, "twenty").empty(); }, seconds(20)));
    for (const auto& [name, process] : before) EXPECT_FALSE(alive(process.first)) << name;
}

constexpr const char* kEnding = R"(
job: ending
type: batch
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - name: exits
        driver: raw_exec
        config: { command: /bin/sh, args: ["-c", "while ! [ -e GO ]; do sleep 0.05; done; exit 7"] }
)";

constexpr const char* kKilled = R"(
job: killed
type: batch
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - { name: dies, driver: raw_exec, config: { command: /bin/sleep, args: ["100000"] } }
)";

class WhileDown : public testing::TestWithParam<Service> {};

TEST_P(WhileDown, ATaskThatEndsIsReportedWithItsRealExitCodeAndSignal) {
    Cluster cluster;
    const std::string go = cluster.dir() + "/go";
    std::string ending = kEnding;
    ending.replace(ending.find("GO"), 2, go);
    cluster.submit("ending", ending);
    cluster.submit("killed", kKilled);
    ASSERT_TRUE(eventually(
        [&] { return running(cluster, "ending").size() == 1 && running(cluster, "killed").size() == 1; }, seconds(20)));
    const pid_t exits = running(cluster, "ending").begin()->second.first;
    const pid_t dies = running(cluster, "killed").begin()->second.first;

    cluster.kill(GetParam());
    std::ofstream(go) << "go";
    ASSERT_EQ(kill(dies, SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return !alive(exits) && !alive(dies); }, seconds(10)));
    cluster.start(GetParam());

    const auto dead = [&](const std::string& job, const std::string& task) {
        return eventually(
            [&] {
                const Json found = task_of(cluster.alloc(job), task);
                return found.is_object() && found["state"] == "dead" && !found["events"].empty() &&
                       found["events"].back()["type"] == "Not Restarting";
            },
            seconds(15));
    };
    ASSERT_TRUE(dead("ending", "exits")) << cluster.alloc("ending");
    ASSERT_TRUE(dead("killed", "dies")) << cluster.alloc("killed");
    const Json exited = task_of(cluster.alloc("ending"), "exits");
    const Json signalled = task_of(cluster.alloc("killed"), "dies");
    const std::vector<std::string> history = {"Received", "Task Setup", "Started", "Terminated", "Not Restarting"};
    EXPECT_EQ(event_types(cluster.alloc("ending"), "exits"), history);
    EXPECT_EQ(event_types(cluster.alloc("killed"), "dies"), history);
    EXPECT_EQ(exited["events"][3]["message"], "Exit Code: 7");
    EXPECT_EQ(exited["exit"]["code"], 7);
    EXPECT_EQ(signalled["events"][3]["message"], "Exit Code: 137, Signal: 9");
    EXPECT_EQ(signalled["exit"]["signal"], 9);
}

INSTANTIATE_TEST_SUITE_P(Chaos, WhileDown,
                         testing::Values(Service::state_store, Service::alloc_runner, Service::driver_manager),
                         [](const auto& param) {
                             std::string name = to_string(param.param);
                             name[name.find('-')] = '_';
                             return name;
                         });

std::string writes_a_line(const std::string& job, const std::string& path) {
    return "job: " + job + R"(
type: batch
groups:
  - name: group
    tasks:
      - name: task
        driver: raw_exec
        config: { command: /bin/sh, args: ["-c", "echo ran >> )" +
           path + R"("] }
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

TEST(Chaos, ACompletedBatchTaskIsNeverRunAgain) {
    Cluster cluster;
    const std::string path = cluster.dir() + "/lines";
    cluster.submit("once", writes_a_line("once", path));
    ASSERT_TRUE(completes(cluster, "once"));

    int later = 0;
    for (const Service service : kServices) {
        cluster.kill(service);
        cluster.start(service);
        ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, seconds(15)));
        // When a job submitted later has run, the one before it has had every chance to run again.
        const std::string job = "later-" + std::to_string(later++);
        cluster.submit(job, writes_a_line(job, "/dev/null"));
        ASSERT_TRUE(completes(cluster, job));
    }
    for (const Service service : kServices) cluster.kill(service);
    for (const Service service : kServices) cluster.start(service);
    ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, seconds(15)));
    cluster.submit("last", writes_a_line("last", "/dev/null"));
    ASSERT_TRUE(completes(cluster, "last"));

    EXPECT_EQ(slurp(path), "ran\n");
    EXPECT_THAT(event_types(cluster.alloc("once"), "task"),
                ElementsAre("Received", "Task Setup", "Started", "Terminated"));
}

TEST(Chaos, JobsSubmittedDuringAKillStormRunExactlyOnce) {
    Cluster cluster;
    constexpr std::size_t kJobs = 24;
    const auto lines = [&](std::size_t i) { return cluster.dir() + "/lines-" + std::to_string(i); };
    for (std::size_t i = 0; i < kJobs; ++i) {
        const std::string job = "storm-" + std::to_string(i);
        const std::string file = cluster.dir() + "/" + job + ".yaml";
        std::ofstream(file) << writes_a_line(job, lines(i));
        // A different victim each time, and every fifth time all of them; the submit meets whatever is left.
        const std::vector<Service> victims = i % 5 == 4 ? std::vector<Service>(kServices.begin(), kServices.end())
                                                        : std::vector<Service>{kServices[i % 4]};
        for (const Service service : victims) cluster.kill(service);
        const Outcome refused = cluster.drover({"job", "run", "--detach", file}, seconds(1));
        for (const Service service : victims) cluster.start(service);
        // Asking again is harmless: the same job is the same job.
        ASSERT_TRUE(eventually(
            [&] {
                return cluster.drover({"job", "run", "--detach", file}, seconds(12)).code == 0;
            },
            seconds(30)))
            << refused.out << refused.err << cluster.logs();
    }
    for (std::size_t i = 0; i < kJobs; ++i) {
        const std::string job = "storm-" + std::to_string(i);
        ASSERT_TRUE(completes(cluster, job)) << job << cluster.alloc(job) << cluster.logs();
        EXPECT_EQ(slurp(lines(i)), "ran\n") << job;
        EXPECT_EQ(cluster.allocs(job).size(), 1u) << job;
        EXPECT_THAT(event_types(cluster.alloc(job), "task"),
                    ElementsAre("Received", "Task Setup", "Started", "Terminated"))
            << job;
    }
}

}  // namespace
}  // namespace drover::integration
