// The docker driver against a real daemon, which comes and goes as daemons do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>

#include "integration/cluster.hpp"
#include "integration/dockerd.hpp"
#include "integration/on_terminal.hpp"
#include "integration/procfs.hpp"
#include "integration/registry.hpp"

namespace drover::integration {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr Duration kLong = seconds(90);  // for what takes seconds on a quiet machine

class Docker : public testing::Test {
   protected:
    static void SetUpTestSuite() {
        if (!Dockerd::missing().empty()) return;
        daemon = std::make_unique<Dockerd>();
        setenv("DROVER_DOCKER_SOCKET", daemon->socket().c_str(), 1);
        setenv("DROVER_FINGERPRINT_INTERVAL", "1s", 1);
        setenv("DROVER_MOCK_DEVICES", "mock/gpu/toy/a,mock/gpu/toy/b", 1);
    }
    static void TearDownTestSuite() { daemon.reset(); }

    void SetUp() override {
        if (const std::string why = Dockerd::missing(); !why.empty()) GTEST_SKIP() << why;
        cluster = std::make_unique<Cluster>();
    }

    // "pid" of a task that runs; 0: it does not.
    pid_t pid_of(const std::string& job, const std::string& task) const {
        const Json found = task_of(cluster->alloc(job), task);
        return found.is_object() && found["state"] == "running" ? found["pid"].get<pid_t>() : 0;
    }

    bool has_ended(const std::string& job, const std::string& task) const {
        const Json found = task_of(cluster->alloc(job), task);
        return found.is_object() && found["state"] == "dead";
    }

    // The details of the task's last event of a type.
    Json event(const std::string& job, const std::string& task, const std::string& type) const {
        Json last;
        for (const Json& one : task_of(cluster->alloc(job), task).value("events", Json::array()))
            if (one["type"] == type) last = one["details"];
        return last;
    }

    std::string containers(const std::string& task) const {
        return daemon->docker({"ps", "-a", "-q", "--no-trunc", "--filter", "label=drover.task=" + task});
    }

    std::string output(const std::string& job, const std::string& task) const {
        return cluster->drover({"alloc", "logs", cluster->alloc(job)["id"], task}).out;
    }

    Json node() const {
        const Json view = cluster->get("/v1/nodes");
        return view.is_object() && !view["nodes"].empty() ? view["nodes"][0] : Json();
    }
    Json driver() const {
        const Json found = node();
        return found.is_object() ? found["drivers"].value("docker", Json::object()) : Json::object();
    }

    static std::unique_ptr<Dockerd> daemon;
    std::unique_ptr<Cluster> cluster;
};

std::unique_ptr<Dockerd> Docker::daemon;

TEST_F(Docker, ATaskRunsFromAnArchiveInItsLimitsAndItsEndIsToldAsItWas) {
    daemon->docker({"rmi", kTestImage});
    cluster->submit("ends", R"(
job: ends
type: batch
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - name: exits
        driver: docker
        artifacts: [{ source: "file://)" +
                                daemon->archive() + R"(", destination: local/image.tar, mode: file }]
        config:
          image: drover-test:1
          load: local/image.tar
          network_mode: none
          command: /bin/sh
          args: ["-c", "echo out; echo err >&2; echo $DROVER_TASK_NAME > ${DROVER_TASK_DIR}/made; exit 7"]
)");
    ASSERT_TRUE(eventually([&] { return has_ended("ends", "exits"); }, kLong)) << cluster->alloc("ends").dump(1);
    cluster->submit("eats", R"(
job: eats
type: batch
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - name: eats
        driver: docker
        resources: { memory: 20MiB }
        config: { image: "drover-test:1", network_mode: none, command: /bin/tail, args: [/dev/zero] }
)");
    ASSERT_TRUE(eventually([&] { return has_ended("eats", "eats"); }, kLong)) << cluster->alloc("eats").dump(1);
    EXPECT_THAT(event_types(cluster->alloc("ends"), "exits"),
                testing::ElementsAre("Received", "Task Setup", "Downloading Artifacts", "Driver", "Driver", "Started",
                                     "Terminated", "Not Restarting"));
    EXPECT_EQ(event("ends", "exits", "Terminated")["exit_code"], "7");
    EXPECT_EQ(event("ends", "exits", "Terminated")["oom_killed"], "false");
    EXPECT_EQ(event("eats", "eats", "Terminated")["exit_code"], "137");
    EXPECT_EQ(event("eats", "eats", "Terminated")["oom_killed"], "true");
    EXPECT_EQ(output("ends", "exits"), "out\n");
    const std::string made = cluster->dir() + "/driver-manager/allocs/" +
                             cluster->alloc("ends")["id"].get<std::string>() + "/exits/local/made";
    EXPECT_TRUE(std::filesystem::exists(made)) << made;
    EXPECT_TRUE(eventually([&] { return containers("exits").empty() && containers("eats").empty(); }, seconds(20)));
}

TEST_F(Docker, AContainerOutlivesEveryServiceAndItsSupervisorWithItsOutputAndItsExitCode) {
    cluster->submit("lasts", R"(
job: lasts
type: batch
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - name: counts
        driver: docker
        config:
          image: drover-test:1
          network_mode: none
          command: /bin/sh
          args: ["-c", "i=0; while [ ! -e /local/enough ]; do i=$((i+1)); echo $i; done; echo $i > /local/last; exit 9"]
)");
    ASSERT_TRUE(eventually([&] { return pid_of("lasts", "counts") != 0; }, kLong)) << cluster->alloc("lasts").dump(1);
    const Json usage = Json::parse(cluster->drover({"alloc", "stats", "-o", "json", cluster->alloc("lasts")["id"]}).out,
                                   nullptr, false);
    EXPECT_GE(usage.value("processes", 0), 1) << usage;
    EXPECT_GT(usage.value("memory", 0), 0) << usage;
    const std::string id = containers("counts");
    const pid_t pid = pid_of("lasts", "counts");
    const std::string task =
        cluster->dir() + "/driver-manager/allocs/" + cluster->alloc("lasts")["id"].get<std::string>() + "/counts";
    for (const Service service : kServices) cluster->kill(service);
    for (const pid_t supervisor : processes_with(cluster->dir())) ::kill(supervisor, SIGKILL);
    for (const Service service : kServices) cluster->start(service);
    ASSERT_TRUE(eventually([&] { return cluster->healthy() && pid_of("lasts", "counts") == pid; }, seconds(30)));
    EXPECT_TRUE(alive(pid));
    EXPECT_EQ(containers("counts"), id);
    // Also while the driver-manager is there.
    for (const pid_t supervisor : processes_with(cluster->dir() + "/driver-manager/tasks/"))
        ::kill(supervisor, SIGKILL);
    run({"/bin/touch", task + "/local/enough"}, {});
    ASSERT_TRUE(eventually([&] { return has_ended("lasts", "counts"); }, kLong)) << cluster->alloc("lasts").dump(1);
    EXPECT_EQ(event("lasts", "counts", "Terminated")["exit_code"], "9");
    EXPECT_THAT(event_types(cluster->alloc("lasts"), "counts"), Contains("Started").Times(1));
    std::istringstream lines(output("lasts", "counts"));
    std::int64_t expected = 0;
    for (std::int64_t line = 0; lines >> line;) ASSERT_EQ(line, ++expected);
    EXPECT_GT(expected, 0);
    EXPECT_EQ(run({"/bin/cat", task + "/local/last"}, {}).out, std::to_string(expected) + "\n");
}

constexpr const char* kWaiting = R"(
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - name: waits
        driver: docker
        kill_timeout: 1s
        config:
          image: drover-test:1
          network_mode: none
          command: /bin/sh
          args: ["-c", "while :; do sleep 1; done"]
)";

TEST_F(Docker, ACommandRunsInTheContainerOnATerminalThatIsResizedAndPassesKeysOn) {
    cluster->submit("runs", std::string("job: runs\n") + kWaiting);
    ASSERT_TRUE(eventually([&] { return pid_of("runs", "waits") != 0; }, kLong)) << cluster->alloc("runs").dump(1);
    const std::string id = cluster->alloc("runs")["id"];
    const Outcome plain = cluster->drover(
        {"alloc", "exec", id, "/bin/sh", "-c", "echo $DROVER_TASK_DIR; echo bad >&2; ls -d /home; exit 7"}, kLong);
    EXPECT_EQ(plain.code, 7) << plain.err;
    EXPECT_EQ(plain.out, "/local\n");
    EXPECT_THAT(plain.err, HasSubstr("bad\n"));
    EXPECT_THAT(plain.err, HasSubstr("/home")) << "the image has none";
    OnTerminal shell(*cluster, {"alloc", "exec", "-it", id, "/bin/sh"}, 33, 101);
    EXPECT_TRUE(shell.typing_shows("stty size\n", "33 101\r\n")) << shell.seen();
    shell.resize(50, 90);
    EXPECT_TRUE(shell.typing_shows("stty size\n", "50 90\r\n")) << shell.seen();
    shell.type("echo $TERM; trap 'echo interrupted' INT; echo ar''med; sleep 1000\n");
    EXPECT_TRUE(shell.shows("xterm-test\r\n")) << shell.seen();
    EXPECT_TRUE(shell.shows("armed\r\n")) << shell.seen();
    EXPECT_TRUE(shell.typing_shows("\x03", "interrupted\r\n")) << shell.seen();
    shell.type("exit 5\n");
    EXPECT_EQ(shell.code(), 5) << shell.seen();
}

TEST_F(Docker, ScriptsBesideATaskRunInItsContainerWithItsEnvironmentAndNoLongerThanTheyMay) {
    ASSERT_EQ(cluster->drover({"var", "put", "app/config", "text=one"}).code, 0);
    cluster->submit("scripts", R"(
job: scripts
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - name: runs
        driver: docker
        kill_timeout: 1s
        env: { GREETING: hello }
        templates:
          - data: "{{ var \"app/config\" \"text\" }}"
            destination: local/config
            change_mode: script
            change_script:
              command: /bin/sh
              args: ["-c", "echo $GREETING $DROVER_TASK_DIR $(cat /local/config) > /local/changed"]
        pre_kill:
          command: /bin/sh
          args: ["-c", "echo $$ > /local/killing; exec sleep 1000"]
          timeout: 2s
        config:
          image: drover-test:1
          network_mode: none
          command: /bin/sh
          args: ["-c", "while :; do sleep 1; done"]
)");
    ASSERT_TRUE(eventually([&] { return pid_of("scripts", "runs") != 0; }, kLong)) << cluster->alloc("scripts").dump(1);
    const std::string local = cluster->dir() + "/driver-manager/allocs/" +
                              cluster->alloc("scripts")["id"].get<std::string>() + "/runs/local/";
    const auto file = [&](const char* name) { return run({"/bin/cat", local + name}, {}).out; };
    ASSERT_EQ(cluster->drover({"var", "put", "app/config", "text=two"}).code, 0);
    EXPECT_TRUE(eventually([&] { return file("changed") == "hello /local two\n"; }, kLong)) << file("changed");
    const Outcome stopped = cluster->drover({"job", "stop", "scripts"}, kLong);
    EXPECT_EQ(stopped.code, 0) << stopped.err;
    ASSERT_TRUE(eventually([&] { return has_ended("scripts", "runs"); }, kLong)) << cluster->alloc("scripts").dump(1);
    EXPECT_NE(file("killing"), "");
    EXPECT_THAT(cluster->alloc("scripts").dump(), HasSubstr("did not end within 2s and was killed"));
}

TEST_F(Docker, ADaemonThatIsAwayEndsNoTaskHoldsUpNoStopAndIsWaitedFor) {
    cluster->submit("stays", std::string("job: stays\n") + kWaiting);
    cluster->submit("stops", std::string("job: stops\n") + kWaiting);
    ASSERT_TRUE(eventually([&] { return pid_of("stays", "waits") != 0 && pid_of("stops", "waits") != 0; }, kLong));
    const pid_t stays = pid_of("stays", "waits");
    const pid_t stops = pid_of("stops", "waits");
    EXPECT_TRUE(driver()["healthy"]) << driver();
    daemon->kill();
    EXPECT_TRUE(eventually([&] { return !driver().value("healthy", true); }, seconds(30)));
    EXPECT_TRUE(driver()["detected"]) << driver();
    EXPECT_THAT(driver()["description"], HasSubstr("the docker daemon does not answer at "));
    EXPECT_EQ(pid_of("stays", "waits"), stays);
    cluster->submit("comes", std::string("job: comes\n") + kWaiting);
    EXPECT_TRUE(eventually(
        [&] {
            return cluster->get("/v1/jobs/comes").dump().find("the docker daemon does not answer") != std::string::npos;
        },
        seconds(10)))
        << cluster->get("/v1/jobs/comes");
    EXPECT_EQ(cluster->drover({"job", "stop", "--detach", "stops"}).code, 0);
    EXPECT_TRUE(eventually([&] { return !alive(stops); }, seconds(10)));

    daemon->start();
    EXPECT_TRUE(eventually([&] { return pid_of("comes", "waits") != 0 && has_ended("stops", "waits"); }, kLong))
        << driver();
    EXPECT_EQ(event("stops", "waits", "Terminated")["exit_code"], "137");
    EXPECT_EQ(pid_of("stays", "waits"), stays);
    EXPECT_TRUE(alive(stays));
    EXPECT_THAT(event_types(cluster->alloc("stays"), "waits"), Contains("Started").Times(1));
}

TEST_F(Docker, AnImageComesFromARegistryThatWantsAPasswordWhichNobodyGetsToSee) {
    const Registry registry(daemon->archive(), cluster->dir());
    const auto submit = [&](const std::string& name, const std::string& auth) {
        cluster->submit(name, "job: " + name +
                                  "\ntype: batch\ngroups:\n  - name: group\n    restart: { attempts: 0, mode: fail }\n"
                                  "    tasks:\n      - name: pulls\n        driver: docker\n"
                                  "        templates: [{ destination: secrets/registry, data: \"{{ var "
                                  "\\\"app/registry\\\" \\\"password\\\" }}\" }]\n"
                                  "        config: { image: \"" +
                                  registry.image(name) + "\", network_mode: none, command: /bin/echo, args: [hello]" +
                                  auth + " }\n");
        ASSERT_TRUE(eventually([&] { return has_ended(name, "pulls"); }, kLong)) << cluster->alloc(name).dump(1);
    };
    ASSERT_EQ(cluster->drover({"var", "put", "app/registry", std::string("password=") + Registry::kPassword}).code, 0);
    submit("right", ", auth: { username: ci, password_file: secrets/registry }");
    EXPECT_EQ(output("right", "pulls"), "hello\n") << cluster->alloc("right").dump(1);
    EXPECT_THAT(event("right", "pulls", "Driver")["driver_message"],
                HasSubstr("Downloaded image " + registry.image("right")));
    submit("wrong", ", auth: { username: ci, password: guessed }");
    EXPECT_THAT(event("wrong", "pulls", "Failed Artifact Download")["download_error"],
                HasSubstr("the registry " + registry.address() +
                          " refuses the user ci with what is in config.auth of the task"));
    submit("none", "");
    EXPECT_THAT(event("none", "pulls", "Failed Artifact Download")["download_error"],
                HasSubstr("wants credentials: give the task config.auth, or the node a docker_auth_file"));
    EXPECT_EQ(cluster->alloc("right").dump().find(Registry::kPassword), std::string::npos);
    EXPECT_EQ(cluster->logs().find(Registry::kPassword), std::string::npos);
}

TEST_F(Docker, ATaskSeesTheDeviceThatItHasToItselfAndNoOther) {
    cluster->submit("device", R"(
job: device
type: batch
groups:
  - name: group
    restart: { attempts: 0, mode: fail }
    tasks:
      - name: looks
        driver: docker
        resources: { devices: { gpu: 1 } }
        config:
          image: drover-test:1
          network_mode: none
          command: /bin/sh
          args: ["-c", "ls /dev | grep mock; cat /dev/mock-$MOCK_VISIBLE_DEVICES && test -c /dev/mock-$MOCK_VISIBLE_DEVICES && echo there"]
)");
    ASSERT_TRUE(eventually([&] { return has_ended("device", "looks"); }, kLong)) << cluster->alloc("device").dump(1);
    EXPECT_THAT(output("device", "looks"), testing::AnyOf("mock-a\nthere\n", "mock-b\nthere\n"));
}

TEST_F(Docker, ContainersWithoutARecordAreRemovedAndThoseOfOthersAreNot) {
    const std::string tasks = cluster->dir() + "/driver-manager/tasks";
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(tasks) && driver().value("healthy", false); }, kLong));
    const std::string id = node()["id"];
    const auto create = [&](const Words& labels) {
        Words words = {"create", "--network", "none"};
        for (const std::string& label : labels) words.insert(words.end(), {"--label", label});
        words.insert(words.end(), {kTestImage, "/bin/sleep", "1000"});
        return daemon->docker(words);
    };
    const std::string dangling = create({"drover.node=" + id, "drover.record=" + tasks + "/a/t/1"});
    const std::string foreign = create({});
    const std::string other_node = create({"drover.node=other", "drover.record=" + tasks + "/a/t/1"});
    cluster->kill(Service::driver_manager);
    cluster->start(Service::driver_manager);
    const auto all = [&] { return daemon->docker({"ps", "-a", "-q", "--no-trunc"}); };
    EXPECT_TRUE(eventually([&] { return all().find(dangling) == std::string::npos; }, kLong));
    EXPECT_THAT(all(), HasSubstr(foreign));
    EXPECT_THAT(all(), HasSubstr(other_node));
}

}  // namespace
}  // namespace drover::integration
