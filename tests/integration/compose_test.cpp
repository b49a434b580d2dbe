// deploy/docker-compose.yml, brought up on a real daemon with the programs of this build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "integration/cluster.hpp"
#include "integration/compose.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Duration kLong = minutes(4);

// `count` allocs of one task each that waits for the file <dir>/end-<job>, and then ends with code 7.
std::string waiting(const std::string& job, const std::string& driver, int count, const std::string& config) {
    return "job: " + job + "\ntype: batch\ngroups:\n  - name: g\n    count: " + std::to_string(count) +
           "\n    restart: { attempts: 0, mode: fail }\n    tasks:\n      - name: waits\n        driver: " + driver +
           "\n        kill_timeout: 1s\n        config:\n" + config;
}

std::string shell(const std::string& script) {
    return "          command: /bin/sh\n          args: [\"-c\", \"" + script + "\"]\n";
}

constexpr const char* kScript = "while ! [ -e ${DROVER_TASK_DIR}/end ]; do sleep 1; done; exit 7";
constexpr const char* kScriptInside = "while ! [ -e /local/end ]; do sleep 1; done; exit 7";

class ComposeTest : public testing::Test {
   protected:
    static void SetUpTestSuite() {
        if (Compose::missing().empty()) stack = std::make_unique<Compose>();
    }
    static void TearDownTestSuite() { stack.reset(); }

    void SetUp() override {
        if (const std::string why = Compose::missing(); !why.empty()) GTEST_SKIP() << why;
        up({}, 4);
    }

    // Brings everything up and waits until all is well; `expected` containers.
    void up(const Words& more, std::size_t expected) {
        Words words = {"up", "-d"};
        words.insert(words.end(), more.begin(), more.end());
        stack->compose(words);
        ASSERT_TRUE(eventually([&] { return stack->all_well(expected); }, kLong)) << stack->get("/v1/health");
    }

    // Of every alloc of the job: its task, with "pid" while it runs.
    std::vector<Json> tasks(const std::string& job) const {
        std::vector<Json> out;
        for (const Json& alloc : stack->allocs(job)) {
            const Json view = stack->get("/v1/allocs/" + alloc.value("id", ""));
            Json task = task_of(view, "waits");
            if (task.is_object()) task["alloc"] = alloc["id"];
            if (task.is_object()) task["node"] = view.value("node", "");
            if (task.is_object()) out.push_back(task);
        }
        return out;
    }

    bool running(const std::string& job, std::size_t count) const {
        const auto all = tasks(job);
        return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Json& task) {
                   return task.value("state", "") == "running" && task.value("pid", 0) > 0;
               })) == count;
    }

    // Process and when it started, by alloc: the same later means the same process.
    std::map<std::string, std::pair<pid_t, std::uint64_t>> processes(const Words& jobs) const {
        std::map<std::string, std::pair<pid_t, std::uint64_t>> out;
        for (const std::string& job : jobs)
            for (const Json& task : tasks(job)) {
                const pid_t pid = task.value("state", "") == "running" ? task.value("pid", 0) : 0;
                out[task["alloc"]] = {pid, pid > 0 ? start_time(pid) : 0};
            }
        return out;
    }

    std::set<std::string> docker_tasks() const {
        std::set<std::string> out;
        std::istringstream ids(
            stack->daemon().docker({"ps", "-q", "--no-trunc", "--filter", "label=drover.task=waits"}));
        for (std::string id; ids >> id;) out.insert(id);
        return out;
    }

    // Has the alloc's task said to end, and tells whether it is known to have done so with code 7.
    void tell_to_end(const std::string& alloc) const {
        for (const char* slot : {"driver-manager-0", "driver-manager-1"}) {
            const std::string dir = stack->dir() + "/nodes/slots/" + slot + "/allocs/" + alloc + "/waits/local";
            std::ofstream(dir + "/end") << "now\n";
        }
    }
    bool has_ended_with_7(const std::string& alloc) const {
        const Json task = task_of(stack->get("/v1/allocs/" + alloc), "waits");
        if (!task.is_object() || task.value("state", "") != "dead") return false;
        for (const Json& event : task["events"])
            if (event["type"] == "Terminated") return event["details"]["exit_code"] == "7";
        return false;
    }

    // Of the driver-manager that is this node: who has the slot with the node's id.
    std::string container_of(const std::string& node) const {
        for (const std::string slot : {"driver-manager-0", "driver-manager-1"}) {
            const std::string dir = stack->dir() + "/nodes/slots/" + slot;
            if (read_proc(dir + "/node_id") != node + "\n") continue;
            const std::string holder = read_proc(dir + "/slot.lock");
            for (const std::string& container : stack->containers("driver-manager"))
                if (std::to_string(stack->pid(container)) == holder) return container;
        }
        return "";
    }

    // kill -9 of the container's process, from outside; the restart policy brings it back.
    static void kill_nine(const std::string& container) {
        if (const pid_t pid = stack->pid(container); pid > 0) ::kill(pid, SIGKILL);
    }

    static std::unique_ptr<Compose> stack;
};

std::unique_ptr<Compose> ComposeTest::stack;

TEST_F(ComposeTest, AJobRunsFromTheHostOnTheHost) {
    stack->submit("first", waiting("first", "raw_exec", 1, shell("readlink /proc/self/ns/pid; exec sleep 1000")));
    ASSERT_TRUE(eventually([&] { return running("first", 1); }, kLong)) << stack->get("/v1/jobs/first");
    const pid_t pid = tasks("first")[0]["pid"].get<pid_t>();
    EXPECT_TRUE(alive(pid));
    for (const std::string& container : stack->containers("")) {
        const std::string id = container.substr(0, 12);
        EXPECT_EQ(read_proc("/proc/" + std::to_string(pid) + "/cgroup").find(id), std::string::npos);
    }
    EXPECT_EQ(stack->drover({"job", "stop", "first"}).code, 0);
    EXPECT_FALSE(alive(pid));
}

// Seventy tasks of three drivers, and what may be done to the containers around them.
class SeventyTasks : public ComposeTest {
   protected:
    void start() {
        stack->submit("raw", waiting("raw", "raw_exec", 50, shell(kScript)));
        stack->submit("isolated", waiting("isolated", "exec", 10, shell(kScriptInside)));
        const std::string image = "          image: drover-test:1\n          network_mode: none\n";
        stack->submit("contained", waiting("contained", "docker", 10, image + shell(kScriptInside)));
        ASSERT_TRUE(eventually(
            [&] { return running("raw", 50) && running("isolated", 10) && running("contained", 10); }, kLong))
            << stack->get("/v1/jobs/isolated") << stack->get("/v1/jobs/contained");
        expected_ = processes(kJobs);
        containers_ = docker_tasks();
        ASSERT_EQ(expected_.size(), 70u);
        ASSERT_EQ(containers_.size(), 10u);
    }

    // Beside a task of each driver.
    void expect_commands_run() {
        for (const std::string& job : kJobs) {
            SCOPED_TRACE(job);
            const auto all = tasks(job);
            const auto up = std::find_if(all.begin(), all.end(),
                                         [](const Json& task) { return task.value("state", "") == "running"; });
            ASSERT_NE(up, all.end());
            const Outcome inside = stack->drover({"alloc", "exec", (*up)["alloc"], "sh", "-c", "echo inside; exit 7"});
            EXPECT_EQ(inside.code, 7) << inside.err;
            EXPECT_EQ(inside.out, "inside\n");
        }
    }

    // Does it while one of the tasks ends; that is reported, and nothing else happens to any.
    void keep(const std::string& what, const std::function<void()>& deed) {
        const std::string ends = expected_.begin()->first;
        tell_to_end(ends);
        deed();
        ASSERT_TRUE(eventually([&] { return stack->all_well(4) && has_ended_with_7(ends); }, kLong)) << what;
        expected_.erase(ends);
        auto now = processes(kJobs);
        std::erase_if(now, [&](const auto& entry) { return !expected_.contains(entry.first); });
        EXPECT_EQ(now, expected_) << what;
        for (const std::string& container : docker_tasks()) EXPECT_TRUE(containers_.contains(container)) << what;
    }

    // Of each task every event once.
    void expect_whole_histories() {
        std::map<std::string, std::vector<std::string>> histories;
        for (const std::string& job : kJobs)
            for (const Json& task : tasks(job))
                for (const Json& event : task["events"]) histories[task["alloc"]].push_back(event["type"]);
        EXPECT_EQ(histories.size(), 70u);
        for (auto& [alloc, types] : histories) {
            std::erase_if(types, [](const std::string& type) { return type.starts_with("Exec "); });
            // Which is how it is said of images, too.
            std::vector<std::string> all = {"Received", "Task Setup", "Downloading Artifacts", "Started"};
            if (std::count(types.begin(), types.end(), all[2]) == 0) all.erase(all.begin() + 2);
            if (!expected_.contains(alloc)) all.insert(all.end(), {"Terminated", "Not Restarting"});
            EXPECT_EQ(types, all) << alloc;
        }
    }

    inline static const Words kJobs = {"raw", "isolated", "contained"};
    std::map<std::string, std::pair<pid_t, std::uint64_t>> expected_;
    std::set<std::string> containers_;
};

TEST_F(SeventyTasks, KeepTheirProcessesWhateverIsDoneToTheContainers) {
    ASSERT_NO_FATAL_FAILURE(start());
    expect_commands_run();
    for (const char* service : {"state-store", "alloc-runner", "driver-manager", "gateway"}) {
        const auto container = [&] { return stack->containers(service).at(0); };
        keep(std::string("restart of ") + service, [&] {
            stack->daemon().docker({"restart", "-t", "5", container()});
        });
        keep(std::string("kill -9 of ") + service, [&] { kill_nine(container()); });
        keep(std::string("a newer image for ") + service, [&] {
            stack->use_newer_image();
            const std::string old = container();
            stack->compose({"up", "-d", "--no-deps", "--force-recreate", service});
            EXPECT_NE(container(), old);
        });
    }
    keep("restart of all", [&] {
        Words words = {"restart", "-t", "5"};
        for (const std::string& container : stack->containers("")) words.push_back(container);
        stack->daemon().docker(words);
    });
    keep("kill -9 of all", [&] {
        for (const std::string& container : stack->containers("")) kill_nine(container);
    });
    keep("a newer image for all", [&] {
        stack->use_newer_image();
        stack->compose({"up", "-d", "--force-recreate"});
    });
    keep("down, and up again", [&] {
        stack->compose({"down"});
        for (const auto& [alloc, process] : expected_)
            EXPECT_TRUE(alloc == expected_.begin()->first || alive(process.first)) << alloc;
        stack->compose({"up", "-d"});
    });
    expect_commands_run();
    expect_whole_histories();
    for (const std::string& job : kJobs) EXPECT_EQ(stack->drover({"job", "stop", job}).code, 0);
    for (const auto& [alloc, process] : expected_) EXPECT_FALSE(alive(process.first)) << alloc;
}

TEST_F(ComposeTest, ThreeAllocRunnersShareTheJobsAndSurviveTheLossOfAny) {
    up({"--scale", "alloc-runner=3"}, 6);
    for (int n = 0; n < 6; ++n) {
        const std::string job = "shared-" + std::to_string(n);
        stack->submit(job, waiting(job, "raw_exec", 1, shell("exec sleep 1000")));
    }
    const auto all_run = [&] {
        for (int n = 0; n < 6; ++n)
            if (!running("shared-" + std::to_string(n), 1)) return false;
        return true;
    };
    ASSERT_TRUE(eventually(all_run, kLong));
    std::ptrdiff_t restarts = 0;
    for (const std::string& container : stack->containers("alloc-runner")) {
        stack->daemon().docker({"kill", container});
        ++restarts;
        for (int n = 0; n < 6; ++n) {
            const Outcome restart =
                stack->drover({"alloc", "restart", tasks("shared-" + std::to_string(n))[0]["alloc"]});
            EXPECT_EQ(restart.code, 0) << restart.out << restart.err;
        }
        EXPECT_TRUE(eventually(
            [&] {
                for (int n = 0; n < 6; ++n) {
                    const Json alloc =
                        stack->get("/v1/allocs/" + tasks("shared-" + std::to_string(n))[0]["alloc"].get<std::string>());
                    const auto types = event_types(alloc, "waits");
                    if (types.empty() || types.back() != "Started" ||
                        std::count(types.begin(), types.end(), "Restart Signaled") < restarts)
                        return false;
                }
                return true;
            },
            seconds(30)));
        stack->daemon().docker({"start", container});
    }
    EXPECT_TRUE(eventually(all_run, kLong));
    for (int n = 0; n < 6; ++n) EXPECT_EQ(stack->drover({"job", "stop", "shared-" + std::to_string(n)}).code, 0);
    up({"--scale", "alloc-runner=1"}, 4);
}

TEST_F(ComposeTest, TwoDriverManagersAreTwoNodesAndWhatADrainedOrLostOneHasMoves) {
    up({"--scale", "driver-manager=2"}, 5);
    ASSERT_TRUE(eventually([&] { return stack->get("/v1/nodes")["nodes"].size() == 2; }, kLong));
    std::string document = waiting("two", "raw_exec", 4, shell("exec sleep 1000"));
    document.replace(document.find("type: batch"), 11, "type: service");
    stack->submit("two", document);
    ASSERT_TRUE(eventually([&] { return running("two", 4); }, kLong)) << stack->get("/v1/jobs/two");
    const auto on = [&](const std::string& node) {
        std::vector<pid_t> pids;
        for (const Json& task : tasks("two"))
            if (task["node"] == node && task.value("state", "") == "running") pids.push_back(task["pid"].get<pid_t>());
        return pids;
    };
    const std::string first = stack->get("/v1/nodes")["nodes"][0]["id"];
    const std::string second = stack->get("/v1/nodes")["nodes"][1]["id"];
    EXPECT_EQ(on(first).size(), 2u);
    EXPECT_EQ(on(second).size(), 2u);

    const std::string group = "  - name: g\n";
    std::string there = waiting("there", "raw_exec", 2, shell("exec sleep 1000"));
    there.replace(there.find(group), group.size(), group + "    constraints: { node.unique.id: \"" + second + "\" }\n");
    stack->submit("there", there);
    EXPECT_TRUE(eventually([&] { return running("there", 2); }, kLong));
    for (const Json& task : tasks("there")) EXPECT_EQ(task["node"], second);
    EXPECT_EQ(stack->drover({"job", "stop", "there"}).code, 0);

    EXPECT_EQ(stack->drover({"node", "drain", first}).code, 0);
    EXPECT_TRUE(eventually([&] { return on(second).size() == 4 && on(first).empty(); }, kLong));
    EXPECT_EQ(stack->drover({"node", "drain", first, "--disable"}).code, 0);
    EXPECT_EQ(stack->drover({"node", "eligibility", first, "--enable"}).code, 0);

    const std::vector<pid_t> left = on(second);
    const std::string lost = container_of(second);
    ASSERT_FALSE(lost.empty());
    stack->daemon().docker({"stop", "-t", "5", lost});
    EXPECT_TRUE(eventually([&] { return on(first).size() == 4; }, kLong)) << stack->get("/v1/jobs/two");
    for (const pid_t pid : left) EXPECT_TRUE(alive(pid)) << "nobody is there who could stop it";
    stack->daemon().docker({"start", lost});
    EXPECT_TRUE(eventually([&] { return std::none_of(left.begin(), left.end(), alive); }, kLong));
    EXPECT_EQ(on(first).size(), 4u);
    EXPECT_EQ(stack->drover({"job", "stop", "two"}).code, 0);
    up({"--scale", "driver-manager=1"}, 4);
}

TEST_F(ComposeTest, OnlyWhoHasATokenMayUseTheGateway) {
    const std::string address = stack->endpoint(99).substr(std::string("tcp://").size());
    const Outcome none = run({std::string(DROVER_BIN) + "/drover", "job", "status"},
                             {"DROVER_ADDR=" + address, "ASAN_OPTIONS=detect_leaks=0"});
    EXPECT_EQ(none.code, 1);
    EXPECT_THAT(none.err, HasSubstr("a token is needed"));
    EXPECT_EQ(stack->drover({"job", "status"}).code, 0);
}

TEST_F(ComposeTest, ASecondStateStoreOnTheVolumeIsRefusedWithASentence) {
    const Outcome second =
        run({"/usr/bin/docker", "-H", "unix://" + stack->daemon().socket(), "run", "--rm", "--network", "none", "-e",
             "ASAN_OPTIONS=detect_leaks=0", "--tmpfs", "/run/drover:uid=64646", "-v", "drover_store:/var/lib/drover",
             "drover-test", "drover-state-store"},
            {});
    EXPECT_EQ(second.code, 1);
    EXPECT_THAT(second.err, AllOf(HasSubstr("another state-store"), HasSubstr("uses /var/lib/drover; stop it")));
    EXPECT_TRUE(stack->all_well(4));
}

TEST_F(ComposeTest, ATapKeyHearsTheTapAndNothingElseAndWhoIsTurnedAwayIsLoggedWithItsAddress) {
    const auto tap = [&](const Words& more) {
        Words words = {"tap", "-n", "1", "-o", "json", "vector/"};
        words.insert(words.end(), more.begin(), more.end());
        Words all = {std::string(DROVER_BIN) + "/drover"};
        all.insert(all.end(), words.begin(), words.end());
        return run(all, {"ASAN_OPTIONS=detect_leaks=0"}, seconds(10));
    };
    const Outcome heard = tap({"--keys", stack->keys(), "--endpoint", stack->endpoint(1)});
    EXPECT_EQ(heard.code, 0) << heard.err;
    EXPECT_THAT(heard.out, HasSubstr("v1/vector/state-store/"));
    const auto said = [&](const std::string& why) {
        return eventually(
            [&] {
                const std::string log = stack->logs("state-store");
                return log.find(why) != std::string::npos && log.find("127.0.0.1") != std::string::npos;
            },
            minutes(1));
    };
    EXPECT_EQ(tap({"--keys", stack->keys(), "--endpoint", stack->endpoint(0)}).code, -1) << "where services speak";
    EXPECT_TRUE(said("its key is listed for tap only"));
    EXPECT_EQ(tap({"--endpoint", stack->endpoint(1)}).code, -1) << "without a key";
    // Whoever sees first that the other has another mechanism hangs up; only one of them can say that it was that.
    EXPECT_TRUE(said("CURVE")) << stack->logs("state-store");
    const std::string strange = stack->dir() + "/strange";
    EXPECT_EQ(stack->drover({"keys", "init", strange}).code, 0);
    run({"/bin/cp", stack->keys() + "/public/state-store.pub", strange + "/public/state-store.pub"}, {});
    EXPECT_EQ(tap({"--keys", strange, "--endpoint", stack->endpoint(1)}).code, -1) << "a key that nobody knows";
    EXPECT_TRUE(said("its key is not listed"));
}

}  // namespace
}  // namespace drover::integration
