// External drivers as real programs, and what their deaths do to tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr Duration kLong = seconds(60);  // for what takes seconds on a quiet machine
constexpr int kStarts = 100;

class External : public testing::Test {
   protected:
    External()
        : cluster_({.environment = [] {
              return Words{"DROVER_DRIVERS_DIR=" DROVER_SOURCE "/examples/drivers", "DROVER_FINGERPRINT_INTERVAL=1s"};
          }}) {
        for (const Replica& replica : cluster_.replicas()) cluster_.start(replica);
        EXPECT_TRUE(eventually([this] { return cluster_.healthy(); }, seconds(30))) << cluster_.logs();
        EXPECT_TRUE(eventually([this] { return healthy(); }, kLong)) << cluster_.get("/v1/nodes");
    }

    Json node() const {
        const Json view = cluster_.get("/v1/nodes");
        return view.is_object() && !view["nodes"].empty() ? view["nodes"][0] : Json();
    }
    bool healthy() const {
        const Json found = node();
        return found.is_object() && found["drivers"].value("python", Json::object()).value("healthy", false);
    }
    // "undetected -> healthy", ...: what became of a driver, oldest first.
    std::vector<std::string> changes(const std::string& driver) const {
        std::vector<std::string> out;
        for (const Json& event : node().value("events", Json::array()))
            if (event["details"].value("driver", "") == driver)
                out.push_back(event["details"].value("from", "") + " -> " + event["details"].value("to", ""));
        return out;
    }

    pid_t driver() const {
        pid_t pid = 0;
        std::ifstream(cluster_.dir() + "/driver-manager/drivers/python/driver.pid") >> pid;
        return pid;
    }

    // A job of tasks that say that they have started, then run.
    void submit_crowd(const std::string& name, const std::string& driver, int count) {
        std::filesystem::create_directories(starts_of(name));
        std::ostringstream job;
        job << "job: " << name << "\ngroups:\n  - name: group\n    count: " << count
            << "\n    restart: { attempts: 0, mode: fail }\n    tasks:\n      - name: task\n        driver: " << driver
            << "\n        env: { STARTS: " << starts_of(name) << " }\n        config:\n";
        if (driver == "python")
            job << "          code: 'import os, signal; open(os.environ[\"STARTS\"] + \"/\" + "
                   "os.environ[\"NOMAD_ALLOC_ID\"], \"a\").write(\"started\\n\"); signal.pause()'\n";
        else
            job << "          command: /bin/sh\n          args: [\"-c\", \"echo started >>$STARTS/$NOMAD_ALLOC_ID; "
                   "exec sleep 3600\"]\n";
        cluster_.submit(name, job.str());
    }
    std::string starts_of(const std::string& name) const { return cluster_.dir() + "/starts-" + name; }

    // By alloc, of those that run.
    std::map<std::string, pid_t> running(const std::string& job) const {
        std::map<std::string, pid_t> out;
        for (const Json& alloc : cluster_.allocs(job)) {
            for (const Json& task : alloc.value("tasks", Json::array()))
                if (task.value("state", "") == "running") out[alloc.value("id", "")] = task.value("pid", 0);
        }
        return out;
    }

    // How often each task of a job has started, by alloc.
    std::map<std::string, std::size_t> starts(const std::string& job) const {
        std::map<std::string, std::size_t> out;
        for (const auto& file : std::filesystem::directory_iterator(starts_of(job))) {
            std::ifstream in(file.path());
            for (std::string line; std::getline(in, line);) ++out[file.path().filename()];
        }
        return out;
    }

    void submit_task(const std::string& name, const std::string& config, const std::string& more = "") {
        cluster_.submit(name, "job: " + name +
                                  "\ntype: batch\ngroups:\n  - name: group\n    restart: { attempts: 0, mode: fail }\n"
                                  "    tasks:\n      - name: task\n        driver: python\n" +
                                  more + "        config: { " + config + " }\n");
    }
    Json task(const std::string& job) const { return task_of(cluster_.alloc(job), "task"); }
    pid_t pid(const std::string& job) const {
        const Json found = task(job);
        return found.is_object() && found["state"] == "running" ? found["pid"].get<pid_t>() : 0;
    }
    bool runs(const std::string& job) const {
        return eventually([&] { return pid(job) > 0; }, kLong);
    }
    bool ends(const std::string& job) const {
        return eventually([&] { return task(job).is_object() && task(job)["state"] == "dead"; }, kLong);
    }
    std::string output(const std::string& job) const {
        return cluster_.drover({"alloc", "logs", cluster_.alloc(job)["id"], "task"}).out;
    }

    Cluster cluster_;
};

TEST_F(External, ADriverThatDiesAndHangsDuringAHundredStartsHarmsNoTaskAndEveryStartHappensOnce) {
    submit_crowd("beside", "raw_exec", 5);
    ASSERT_TRUE(eventually([&] { return running("beside").size() == 5; }, kLong)) << cluster_.logs();
    const auto beside = running("beside");
    submit_crowd("crowd", "python", kStarts);

    std::map<std::string, pid_t> seen;  // pids that must stay
    const auto harm = [&](std::size_t when, int signal) {
        // A start is retried once: what was under way when the driver was struck last must be over.
        when = std::min<std::size_t>(std::max(when, seen.empty() ? 0 : seen.size() + 30), kStarts - 5);
        ASSERT_TRUE(eventually([&] { return running("crowd").size() >= when; }, seconds(180)))
            << running("crowd").size() << cluster_.logs();
        const pid_t victim = driver();
        for (const auto& [alloc, pid] : running("crowd")) seen.emplace(alloc, pid);
        ASSERT_EQ(::kill(victim, signal), 0);
        ASSERT_TRUE(eventually([&] { return driver() != victim && alive(driver()); }, kLong)) << cluster_.logs();
        std::printf("%zu of %d started when the driver got signal %d\n", seen.size(), kStarts, signal);
    };
    harm(5, SIGKILL);
    harm(25, SIGSTOP);
    harm(55, SIGKILL);
    ASSERT_TRUE(eventually([&] { return running("crowd").size() == kStarts; }, seconds(240)))
        << running("crowd").size() << cluster_.get("/v1/jobs/crowd") << cluster_.logs();

    const auto now_running = running("crowd");
    for (const auto& [alloc, pid] : seen) EXPECT_EQ(now_running.at(alloc), pid) << alloc;
    for (const auto& [alloc, pid] : now_running) EXPECT_TRUE(alive(pid)) << alloc;
    const auto started = starts("crowd");
    EXPECT_EQ(started.size(), static_cast<std::size_t>(kStarts));
    for (const auto& [alloc, times] : started) EXPECT_EQ(times, 1U) << alloc;

    EXPECT_EQ(running("beside"), beside);
    for (const auto& [alloc, pid] : beside) EXPECT_TRUE(alive(pid)) << alloc;
    EXPECT_THAT(changes("python"), Contains("healthy -> unhealthy"));
    EXPECT_THAT(changes("python"), Contains("unhealthy -> healthy"));
    EXPECT_THAT(changes("raw_exec"), Not(Contains("healthy -> unhealthy")));
}

TEST_F(External, ATaskOutlivesEveryServiceItsDriverAndItsSupervisorWithItsOutputAndItsExitCode) {
    const std::string go = cluster_.dir() + "/go";
    submit_task("long",
                "code: 'import os, select, sys\n\n"
                "          print(\"before\", flush=True)\n\n"
                "          while not os.path.exists(\"" +
                    go +
                    "\"): select.select([], [], [], 0.05)\n\n"
                    "          print(\"after\", flush=True)\n\n"
                    "          sys.exit(7)'");
    ASSERT_TRUE(runs("long")) << cluster_.alloc("long") << cluster_.logs();
    const pid_t pid_before = pid("long");
    const std::string tasks = cluster_.dir() + "/driver-manager/tasks/";
    std::vector<pid_t> supervisors;
    for (const pid_t one : processes_with(tasks))
        if (read_proc("/proc/" + std::to_string(one) + "/cmdline").starts_with("drover-shim"))
            supervisors.push_back(one);
    ASSERT_EQ(supervisors.size(), 1U);
    ASSERT_TRUE(eventually([&] { return output("long") == "before\n"; }, kLong)) << output("long");

    for (const Replica& replica : cluster_.replicas()) cluster_.kill(replica);
    for (const pid_t one : supervisors) ::kill(one, SIGKILL);
    ::kill(driver(), SIGKILL);
    std::ofstream(go) << "go";
    ASSERT_TRUE(eventually([&] { return !alive(pid_before); }, kLong));
    for (const Replica& replica : cluster_.replicas()) cluster_.start(replica);
    ASSERT_TRUE(ends("long")) << cluster_.alloc("long") << cluster_.logs();
    EXPECT_EQ(task("long")["exit"].value("code", 0), 7) << task("long");
    EXPECT_EQ(output("long"), "before\nafter\n");
    const auto types = event_types(cluster_.alloc("long"), "task");
    EXPECT_EQ(std::count(types.begin(), types.end(), "Started"), 1);
    EXPECT_EQ(std::count(types.begin(), types.end(), "Terminated"), 1);
    EXPECT_EQ(std::count(types.begin(), types.end(), "Driver"), 1) << "what the driver said is told once";
}

TEST_F(External, ATaskIsSignalledAndStoppedOnTimeAlsoWhileItsDriverHangs) {
    submit_task("deaf",
                "code: 'import signal\n\n"
                "          signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\n"
                "          signal.signal(signal.SIGUSR1, lambda *_: print(\"heard\", flush=True))\n\n"
                "          print(\"up\", flush=True)\n\n"
                "          while True: signal.pause()'",
                "        kill_signal: SIGTERM\n        kill_timeout: 1s\n");
    ASSERT_TRUE(runs("deaf")) << cluster_.alloc("deaf") << cluster_.logs();
    ASSERT_TRUE(eventually([&] { return output("deaf") == "up\n"; }, kLong));
    const std::string alloc = cluster_.alloc("deaf")["id"];
    const Outcome sent = cluster_.drover({"alloc", "signal", "-s", "SIGUSR1", alloc, "task"});
    EXPECT_EQ(sent.code, 0) << sent.out << sent.err;
    EXPECT_TRUE(eventually([&] { return output("deaf") == "up\nheard\n"; }, kLong)) << output("deaf");

    ::kill(driver(), SIGSTOP);
    const pid_t victim = pid("deaf");
    const Outcome stopped = cluster_.drover({"job", "stop", "deaf"}, kLong);
    EXPECT_EQ(stopped.code, 0) << stopped.out << stopped.err;
    EXPECT_TRUE(eventually([&] { return !alive(victim); }, seconds(8))) << "its driver is back only later";
    ASSERT_TRUE(ends("deaf")) << cluster_.alloc("deaf") << cluster_.logs();
    EXPECT_EQ(task("deaf")["exit"].value("signal", 0), SIGKILL) << task("deaf");
}

TEST_F(External, ATaskHearsItsOwnSignalBeforeItIsKilledAlsoWhileItsDriverHangs) {
    submit_task("polite",
                "code: 'import signal, sys\n\n"
                "          signal.signal(signal.SIGUSR2, lambda *_: (print(\"heard\", flush=True), sys.exit(9)))\n\n"
                "          print(\"up\", flush=True)\n\n"
                "          while True: signal.pause()'",
                "        kill_signal: SIGUSR2\n        kill_timeout: 40s\n");
    ASSERT_TRUE(runs("polite")) << cluster_.alloc("polite") << cluster_.logs();
    ASSERT_TRUE(eventually([&] { return output("polite") == "up\n"; }, kLong));
    ::kill(driver(), SIGSTOP);
    const pid_t asked = pid("polite");
    const Outcome stopped = cluster_.drover({"job", "stop", "--detach", "polite"}, kLong);
    EXPECT_EQ(stopped.code, 0) << stopped.out << stopped.err;
    EXPECT_TRUE(eventually([&] { return !alive(asked); }, seconds(8))) << "its driver is back only later";
    ASSERT_TRUE(ends("polite")) << cluster_.alloc("polite") << cluster_.logs();
    EXPECT_EQ(task("polite")["exit"].value("code", 0), 9) << task("polite");
    EXPECT_EQ(output("polite"), "up\nheard\n");
}

TEST_F(External, AConfigThatTheDriverRefusesIsToldInItsWords) {
    submit_task("wrong", "cod: x");
    ASSERT_TRUE(ends("wrong"));
    const Json wrong = task("wrong");
    std::string said;
    for (const Json& event : wrong["events"])
        if (event["type"] == "Driver Failure") said = event["details"].value("driver_error", "");
    EXPECT_THAT(said, HasSubstr("config.cod is not a field of this driver; did you mean code?"));
}

TEST_F(External, ADriverOfOursThatBreaksIsInTheNodesHistoryAndItsTasksGoOn) {
    cluster_.submit("breaks",
                    "job: breaks\ngroups:\n  - name: group\n    tasks:\n      - name: task\n"
                    "        driver: mock\n        config: { run_for: 1h, plugin_exit_after: 1s }\n");
    ASSERT_TRUE(runs("breaks"));
    const pid_t before = pid("breaks");
    EXPECT_TRUE(eventually(
        [&] {
            return changes("mock") ==
                   std::vector<std::string>{"undetected -> healthy", "healthy -> unhealthy", "unhealthy -> healthy"};
        },
        kLong))
        << node();
    EXPECT_EQ(pid("breaks"), before);
}

TEST(Conformance, TheExampleKeepsEveryPromiseOfADriver) {
    const Outcome outcome = run({DROVER_BIN "/drover", "driver", "test", DROVER_SOURCE "/examples/drivers/python.py"},
                                {"NO_COLOR=1"}, seconds(200));
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("keeps 14 of 14 promises"));
}

TEST(Conformance, WhatIsNoDriverIsToldWhatItDoesWrong) {
    const Outcome outcome = run({DROVER_BIN "/drover", "driver", "test", "/bin/false"}, {"NO_COLOR=1"}, seconds(60));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("cannot be launched"));
}

}  // namespace
}  // namespace drover::integration
