// However a task is ended, it goes the same way: the pre_kill script, the shutdown_delay, the signal, and SIGKILL when
// its kill_timeout is over, each on time.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

constexpr Duration kDelay = milliseconds(400);
constexpr Duration kKillTimeout = milliseconds(700);
constexpr Duration kOnTime = milliseconds(50);

struct Way {
    const char* name;
    const char* first_event;         // of the end
    std::vector<std::string> order;  // the command line; JOB, ALLOC and NODE are filled in
};

const std::vector<Way>& ways() {
    static const std::vector<Way> all = {
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

void expect_on_time(Duration took, Duration wanted, const std::string& what) {
    EXPECT_GE(took, wanted - milliseconds(5)) << what;
    EXPECT_LE(took, wanted + kOnTime) << what << " was late by " << to_string(took - wanted);
}

TEST(Way, ToTheEndIsTheSameWhateverTheTaskIsEndedFor) {
    Cluster cluster;
    ASSERT_EQ(cluster.drover({"var", "put", "app", "text=old"}).code, 0);
    const std::string node = cluster.get("/v1/nodes")["nodes"][0]["id"];
    for (const Way& way : ways()) {
        SCOPED_TRACE(way.name);
        const std::string name = way.name;
        const std::string dir = cluster.dir() + "/" + name;
        ASSERT_EQ(::mkdir(dir.c_str(), 0777), 0);
        cluster.submit(name, document(name, dir, "400ms"));
        ASSERT_TRUE(eventually([&] { return std::ifstream(dir + "/up").good(); }, seconds(20))) << cluster.logs();
        ASSERT_TRUE(eventually([&] { return time_of(cluster.alloc(name), "Started").set(); }, seconds(20)));
        Words order = way.order;
        for (std::string& word : order) {
            if (word == "JOB") word = name;
            if (word == "ALLOC") word = cluster.alloc(name)["id"];
            if (word == "NODE") word = node;
        }
        const Outcome outcome = cluster.drover(order);
        EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
        ASSERT_TRUE(eventually([&] { return time_of(cluster.alloc(name), "Terminated").set(); }, seconds(20)))
            << cluster.alloc(name);
        const Json alloc = cluster.alloc(name);
        const Instant script = time_in(dir + "/script");
        const Instant delay = time_of(alloc, "Waiting for shutdown delay");
        const Instant signal = time_in(dir + "/signal");
        ASSERT_TRUE(time_of(alloc, way.first_event).set()) << alloc;
        EXPECT_GE(script, time_of(alloc, way.first_event));
        EXPECT_GE(delay, script);
        expect_on_time(signal - delay, kDelay, "the signal after shutdown_delay");
        expect_on_time(time_of(alloc, "Terminated") - signal, kKillTimeout, "SIGKILL after kill_timeout");
        EXPECT_EQ(cluster.drover({"job", "stop", name, "--detach"}).code, 0);
        ASSERT_TRUE(eventually([&] { return time_of(cluster.alloc(name), "Killed").set(); }, seconds(20)));
    }
}

TEST(Way, CanSkipTheShutdownDelayAlsoOneThatIsUnderWay) {
    Cluster cluster;
    ASSERT_EQ(cluster.drover({"var", "put", "app", "text=old"}).code, 0);
    for (const std::string name : {"alloc-stop", "job-stop"}) {
        SCOPED_TRACE(name);
        const auto told = [&](const std::string& type) {
            return eventually([&] { return time_of(cluster.alloc(name), type).set(); }, seconds(20));
        };
        const std::string dir = cluster.dir() + "/" + name;
        ASSERT_EQ(::mkdir(dir.c_str(), 0777), 0);
        cluster.submit(name, document(name, dir, "1h"));
        ASSERT_TRUE(eventually([&] { return std::ifstream(dir + "/up").good(); }, seconds(20))) << cluster.logs();
        ASSERT_TRUE(told("Started"));
        const std::string alloc = cluster.alloc(name)["id"];
        EXPECT_EQ(cluster.drover({"alloc", "restart", alloc, "--no-shutdown-delay"}).code, 0);
        ASSERT_TRUE(told("Skipping shutdown delay"));
        ASSERT_TRUE(eventually(
            [&] {
                const Json task = task_of(cluster.alloc(name), "task");
                return task["restarts"] == 1 && task["state"] == "running";
            },
            seconds(20)))
            << cluster.alloc(name);
        EXPECT_FALSE(time_of(cluster.alloc(name), "Waiting for shutdown delay").set());
        Words stop = {"alloc", "stop", alloc};
        if (name == "job-stop") stop = {"job", "stop", name, "--detach"};
        EXPECT_EQ(cluster.drover(stop).code, 0);
        ASSERT_TRUE(told("Waiting for shutdown delay"));
        stop.push_back("--no-shutdown-delay");
        EXPECT_EQ(cluster.drover(stop).code, 0);
        EXPECT_TRUE(told("Killed")) << cluster.alloc(name);
        const Outcome refused = cluster.drover({"alloc", "signal", alloc, "-s", "SIGHUP"});
        EXPECT_EQ(refused.code, 1) << refused.out;
    }
}

}  // namespace
}  // namespace drover::integration
