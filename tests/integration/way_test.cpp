// However a task is ended, it goes the same way: the pre_kill script, the shutdown_delay, the signal, and SIGKILL when
// its kill_timeout is over, each on time.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

#include "integration/cluster.hpp"
#include "integration/stalls.hpp"

namespace drover::integration {
namespace {

constexpr Duration kDelay = milliseconds(400);
constexpr Duration kKillTimeout = milliseconds(700);
constexpr Duration kOnTime = milliseconds(50);
constexpr std::int64_t kHops = 3;  // processes that have to get their turn one after the other
constexpr Duration kPatience = seconds(20);

struct WayToEnd {
    const char* name;
    const char* first_event;         // of the end
    std::vector<std::string> order;  // the command line; JOB, ALLOC and NODE are filled in
};

const std::vector<WayToEnd>& ways() {
    static const std::vector<WayToEnd> all = {
        {"alloc-stop", "Killing", {"alloc", "stop", "ALLOC"}},
        {"job-stop", "Killing", {"job", "stop", "JOB"}},
        {"alloc-restart", "Restart Signaled", {"alloc", "restart", "ALLOC"}},
        {"restart-all", "Restart Signaled", {"alloc", "restart", "ALLOC", "--all"}},
        {"template", "Restart Signaled", {"var", "put", "app", "text=new"}},
        {"drain", "Killing", {"node", "drain", "NODE"}},
    };
    return all;
}

// A task that writes down when it is asked to end, and does not.
std::string document(const std::string& name, const std::string& dir, const std::string& shutdown_delay) {
    const std::string stubborn =
        "import signal, sys, time\\n"
        "def note(*_): open('" +
        dir +
        "/signal', 'w').write(str(time.time_ns()))\\n"
        "signal.signal(signal.SIGTERM, note)\\n"
        "open('" +
        dir +
        "/up', 'w').write('1')\\n"
        "while True: signal.pause()\\n";
    return "job: " + name +
           "\ngroups:\n  - name: group\n    tasks:\n      - name: task\n        driver: raw_exec\n"
           "        kill_signal: SIGTERM\n        kill_timeout: 700ms\n        shutdown_delay: " +
           shutdown_delay +
           "\n"
           "        pre_kill: { command: /bin/sh, args: [\"-c\", \"date +%s%N > " +
           dir +
           "/script\"] }\n"
           "        templates: [ { destination: local/text, splay: 0s, data: '{{ var \"app\" \"text\" }}' } ]\n"
           "        config: { command: /usr/bin/python3, args: [\"-c\", \"" +
           stubborn + "\"] }\n";
}

Instant time_in(const std::string& path) {
    std::int64_t ns = 0;
    std::ifstream(path) >> ns;
    return {ns};
}

// When the task's first such event was told; 0 when it was not.
Instant time_of(const Json& alloc, const std::string& type) {
    const Json task = task_of(alloc, "task");
    if (!task.is_object()) return {};
    for (const Json& event : task["events"])
        if (event["type"] == type) return {event["time"].get<std::int64_t>()};
    return {};
}

// What the machine itself kept everybody waiting for is not counted as late.
void expect_not_late(Duration took, Duration wanted, const Stalls& stalls, const std::string& what) {
    EXPECT_LE(took, wanted + kOnTime + stalls.worst() * kHops)
        << what << " was late by " << to_string(took - wanted) << " on a machine that stalled for "
        << to_string(stalls.worst());
}

void expect_not_early(Duration took, Duration wanted, const std::string& what) {
    EXPECT_GE(took, wanted - milliseconds(5)) << what << " was early by " << to_string(wanted - took);
}

class Way : public testing::Test {
   protected:
    std::string dir(const std::string& name) const { return cluster_.dir() + "/" + name; }

    // A job of this name with one task, which runs by now.
    void begin(const std::string& name, const std::string& shutdown_delay = "400ms") {
        ASSERT_EQ(::mkdir(dir(name).c_str(), 0777), 0);
        cluster_.submit(name, document(name, dir(name), shutdown_delay));
        ASSERT_TRUE(eventually([&] { return std::ifstream(dir(name) + "/up").good(); }, kPatience)) << cluster_.logs();
        ASSERT_TRUE(eventually([&] { return time_of(cluster_.alloc(name), "Started").set(); }, kPatience));
    }

    // What happened to it, with `first_event` before everything.
    void expect_in_order(const std::string& name, const std::string& first_event, const Stalls& stalls) {
        ASSERT_TRUE(eventually([&] { return time_of(cluster_.alloc(name), "Terminated").set(); }, kPatience))
            << cluster_.alloc(name);
        const Json alloc = cluster_.alloc(name);
        const Instant script = time_in(dir(name) + "/script");
        const Instant delay = time_of(alloc, "Waiting for shutdown delay");
        const Instant signal = time_in(dir(name) + "/signal");
        ASSERT_TRUE(time_of(alloc, first_event).set()) << alloc;
        EXPECT_GE(script, time_of(alloc, first_event));
        EXPECT_GE(delay, script);
        const Instant end = time_of(alloc, "Terminated");
        expect_not_early(signal - delay, kDelay, "the signal after shutdown_delay");
        expect_not_late(signal - delay, kDelay, stalls, "the signal after shutdown_delay");
        // The task may note its signal late, and then the end seems early by that: counted from what came before.
        expect_not_early(end - delay, kDelay + kKillTimeout, "SIGKILL after shutdown_delay and kill_timeout");
        expect_not_late(end - signal, kKillTimeout, stalls, "SIGKILL after kill_timeout");
    }

    Cluster cluster_;
};

TEST_F(Way, ToTheEndIsTheSameWhateverTheTaskIsEndedFor) {
    ASSERT_EQ(cluster_.drover({"var", "put", "app", "text=old"}).code, 0);
    const std::string node = cluster_.get("/v1/nodes")["nodes"][0]["id"];
    for (const WayToEnd& way : ways()) {
        SCOPED_TRACE(way.name);
        const std::string name = way.name;
        begin(name);
        if (HasFatalFailure()) return;
        Words order = way.order;
        for (std::string& word : order) {
            if (word == "JOB") word = name;
            if (word == "ALLOC") word = cluster_.alloc(name)["id"];
            if (word == "NODE") word = node;
        }
        const Stalls stalls;
        const Outcome outcome = cluster_.drover(order);
        EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
        expect_in_order(name, way.first_event, stalls);
        EXPECT_EQ(cluster_.drover({"job", "stop", name, "--detach"}).code, 0);
        ASSERT_TRUE(eventually([&] { return time_of(cluster_.alloc(name), "Killed").set(); }, kPatience));
    }
}

TEST_F(Way, CanSkipTheShutdownDelayAlsoOneThatIsUnderWay) {
    ASSERT_EQ(cluster_.drover({"var", "put", "app", "text=old"}).code, 0);
    for (const std::string name : {"skip-of-the-alloc", "skip-of-the-job"}) {
        SCOPED_TRACE(name);
        const auto told = [&](const std::string& type) {
            return eventually([&] { return time_of(cluster_.alloc(name), type).set(); }, kPatience);
        };
        begin(name, "1h");
        if (HasFatalFailure()) return;
        const std::string alloc = cluster_.alloc(name)["id"];
        EXPECT_EQ(cluster_.drover({"alloc", "restart", alloc, "--no-shutdown-delay"}).code, 0);
        ASSERT_TRUE(told("Skipping shutdown delay"));
        ASSERT_TRUE(eventually(
            [&] {
                const Json task = task_of(cluster_.alloc(name), "task");
                return task["restarts"] == 1 && task["state"] == "running";
            },
            kPatience))
            << cluster_.alloc(name);
        EXPECT_FALSE(time_of(cluster_.alloc(name), "Waiting for shutdown delay").set());
        Words stop = {"alloc", "stop", alloc};
        if (name == "skip-of-the-job") stop = {"job", "stop", name, "--detach"};
        EXPECT_EQ(cluster_.drover(stop).code, 0);
        ASSERT_TRUE(told("Waiting for shutdown delay"));
        stop.push_back("--no-shutdown-delay");
        EXPECT_EQ(cluster_.drover(stop).code, 0);
        EXPECT_TRUE(told("Killed")) << cluster_.alloc(name);
        const Outcome refused = cluster_.drover({"alloc", "signal", alloc, "-s", "SIGHUP"});
        EXPECT_EQ(refused.code, 1) << refused.out;
    }
}

TEST_F(Way, ToTheEndIsTheSameWhenTheWholeServiceIsShutDownWithItsTasks) {
    ASSERT_EQ(cluster_.drover({"var", "put", "app", "text=old"}).code, 0);
    // `drover dev` takes over what the services had: the layout of a data directory is the same.
    for (const Service service : kServices) cluster_.kill(service);
    const std::string log = cluster_.dir() + "/dev.log";
    const pid_t dev =
        spawn({std::string(DROVER_BIN) + "/drover", "dev", "--stop-tasks", "--data-dir", cluster_.dir()}, {}, log, log);
    ASSERT_TRUE(eventually([&] { return cluster_.answers(); }, kPatience));
    begin("shutdown");
    if (HasFatalFailure()) return;
    const Stalls stalls;
    kill(dev, SIGTERM);
    EXPECT_EQ(reap(dev, kPatience), 0);
    for (const Service service : kServices) cluster_.start(service);
    expect_in_order("shutdown", "Killing", stalls);
    EXPECT_TRUE(time_of(cluster_.alloc("shutdown"), "Killed").set());
}

}  // namespace
}  // namespace drover::integration
