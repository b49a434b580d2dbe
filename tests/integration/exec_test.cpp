// `drover alloc exec` against a whole Drover: the command's place beside its task, its streams, terminal and end, and
// what is told of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "integration/cluster.hpp"
#include "integration/on_terminal.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Duration kLong = seconds(90);  // for what takes a moment on a quiet machine

std::string job(const std::string& driver, const std::string& more = "") {
    return "job: web\ngroups:\n  - name: front\n    tasks:\n      - name: server\n        driver: " + driver +
           "\n        env: { STAGE: live }\n" + more + "        config: { command: /bin/sleep, args: [\"1000\"] }\n";
}

class Exec : public testing::Test {
   protected:
    std::string run_job(const std::string& document) {
        cluster.submit("web", document);
        EXPECT_TRUE(eventually([&] { return task_pid() != 0; }, kLong)) << cluster.alloc("web").dump(1);
        return cluster.alloc("web")["id"];
    }
    pid_t task_pid() const {
        const Json found = task_of(cluster.alloc("web"), "server");
        return found.is_object() && found["state"] == "running" ? found["pid"].get<pid_t>() : 0;
    }
    Outcome exec(const Words& words) const {
        Words all = {"alloc", "exec"};
        all.insert(all.end(), words.begin(), words.end());
        return cluster.drover(all, kLong);
    }
    // The details of the events of a type, oldest first.
    std::vector<Json> events(const std::string& type) const {
        std::vector<Json> out;
        for (const Json& one : task_of(cluster.alloc("web"), "server").value("events", Json::array()))
            if (one["type"] == type) out.push_back(one["details"]);
        return out;
    }
    bool soon_ended(std::size_t sessions) const {
        return eventually([&] { return events("Exec Ended").size() == sessions; }, kLong);
    }

    Cluster cluster;
};

// What is to be the same of the task and of a command beside it.
constexpr const char* kPlace =
    "id -u; id -G; pwd; echo $STAGE; cat /proc/self/cgroup; grep NoNewPrivs /proc/self/status";

TEST_F(Exec, ARawExecTaskSharesItsUserGroupsDirectoryEnvironmentAndControlGroup) {
    const std::string id = run_job(job("raw_exec"));
    const Outcome out = exec({id, "sh", "-c", kPlace});
    EXPECT_EQ(out.code, 0) << out.err;
    std::istringstream lines(out.out);
    std::string uid, groups, directory, stage;
    std::getline(lines, uid);
    std::getline(lines, groups);
    std::getline(lines, directory);
    std::getline(lines, stage);
    const std::string status = read_proc("/proc/" + std::to_string(task_pid()) + "/status");
    EXPECT_THAT(status, HasSubstr("Uid:\t" + uid + "\t"));
    EXPECT_THAT(directory, HasSubstr("/server"));
    EXPECT_EQ(stage, "live");
    // Line by line: the kernel lists the same groups for both.
    std::istringstream task_groups(read_proc("/proc/" + std::to_string(task_pid()) + "/cgroup"));
    for (std::string group; std::getline(task_groups, group);) EXPECT_THAT(out.out, HasSubstr(group + "\n"));
}

TEST_F(Exec, AnIsolatedTaskSharesItsNamespacesUserAndRightsToo) {
    if (::geteuid() != 0) GTEST_SKIP() << "isolating tasks needs root";
    const std::string id = run_job(job("exec"));
    const pid_t task = task_pid();
    const Outcome out =
        exec({id, "sh", "-c",
              "readlink /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/ipc /proc/self/ns/uts; id -un; "
              "pwd; echo $STAGE; ls /; grep -E '^(NoNewPrivs|Seccomp|CapBnd|CapEff):' /proc/self/status"});
    EXPECT_EQ(out.code, 0) << out.err;
    for (const char* kind : {"pid", "mnt", "ipc", "uts"}) {
        char name[64] = "";
        const std::string path = "/proc/" + std::to_string(task) + "/ns/" + kind;
        EXPECT_GT(::readlink(path.c_str(), name, sizeof name - 1), 0);
        EXPECT_THAT(out.out, HasSubstr(std::string(name) + "\n"));
    }
    EXPECT_THAT(out.out, HasSubstr("nobody\n/local\nlive\n"));
    EXPECT_THAT(out.out, HasSubstr("secrets\n"));
    std::istringstream status(read_proc("/proc/" + std::to_string(task) + "/status"));
    for (std::string line; std::getline(status, line);)
        for (const char* kept : {"NoNewPrivs:", "Seccomp:", "CapBnd:", "CapEff:"}) {
            if (line.starts_with(kept)) {
                EXPECT_THAT(out.out, HasSubstr(line + "\n"));
            }
        }
    EXPECT_EQ(exec({id, "sh", "-c", "exit 42"}).code, 42);
    EXPECT_EQ(exec({id, "sh", "-c", "kill -TERM $$"}).code, 128 + SIGTERM);
    EXPECT_EQ(exec({id, "no-such-program"}).code, 127);
    OnTerminal shell(cluster, {"alloc", "exec", "-it", id, "sh"}, 33, 101);
    shell.type("stty size; echo $TERM; tty\n");
    EXPECT_TRUE(shell.shows("33 101\r\nxterm-test\r\n/dev/pts/0\r\n")) << shell.seen();
    shell.resize(40, 120);
    EXPECT_TRUE(shell.typing_shows("stty size\n", "40 120"));
    // A ^C throws away what was typed and not read yet.
    shell.type("trap 'echo interrupted' INT; echo ar''med; sleep 1000\n");
    EXPECT_TRUE(shell.shows("armed\r\n")) << shell.seen();
    EXPECT_TRUE(shell.typing_shows("\x03", "interrupted\r\n")) << shell.seen();
    shell.type("exit 9\n");
    EXPECT_EQ(shell.code(), 9) << shell.seen();
    ::kill(task, 0);
    EXPECT_EQ(task_pid(), task);
}

TEST_F(Exec, StreamsStayApartAndExitCodesAndSignalsAreThoseOfTheCommand) {
    const std::string id = run_job(job("raw_exec"));
    const Outcome both = exec({id, "sh", "-c", "echo good; echo bad >&2; exit 7"});
    EXPECT_EQ(both.out, "good\n");
    EXPECT_EQ(both.err, "bad\n");
    EXPECT_EQ(both.code, 7);
    EXPECT_EQ(exec({"--task", "server", id, "sh", "-c", "kill -KILL $$"}).code, 128 + SIGKILL);
    const Outcome none = exec({id, "no-such-program"});
    EXPECT_EQ(none.code, 127);
    EXPECT_THAT(none.err, HasSubstr("there is no command no-such-program"));
    EXPECT_EQ(exec({"--task", "sevrer", id, "true"}).code, 4);
    EXPECT_EQ(exec({"--task", "server", id, "--", "sh", "-c", "[ $1 = -- ]", "sh", "--"}).code, 0) << "as many write";
    EXPECT_EQ(exec({id}).code, 2);
    const Outcome json = exec({"-o", "json", id, "sh", "-c", "echo x; exit 3"});
    EXPECT_EQ(json.out, "{\"stream\":\"stdout\",\"data\":\"x\\n\"}\n{\"exit_code\":3}\n");
    EXPECT_EQ(json.code, 3);
}

TEST_F(Exec, ATerminalPassesKeysAndSizesOnAndIsLeftAsItWas) {
    const std::string id = run_job(job("raw_exec"));
    OnTerminal shell(cluster, {"alloc", "exec", "-it", id, "sh"}, 24, 80);
    shell.type("stty size; echo $TERM\n");
    EXPECT_TRUE(shell.shows("24 80\r\nxterm-test\r\n")) << shell.seen();
    shell.resize(50, 90);
    EXPECT_TRUE(shell.typing_shows("stty size\n", "50 90"));
    // The key ends what runs in the shell, and neither the shell nor the session.
    // A ^C throws away what was typed and not read yet.
    shell.type("trap 'echo interrupted' INT; echo ar''med; sleep 1000\n");
    EXPECT_TRUE(shell.shows("armed\r\n")) << shell.seen();
    EXPECT_TRUE(shell.shows("sleep 1000\r\n"));
    EXPECT_TRUE(shell.typing_shows("\x03", "interrupted\r\n")) << shell.seen();
    shell.type("exit 5\n");
    EXPECT_EQ(shell.code(), 5);
}

TEST_F(Exec, AMockTaskAnswersEveryCommandAsItsConfigSays) {
    const std::string id = run_job(
        "job: web\ngroups:\n  - name: front\n    tasks:\n      - name: server\n        driver: mock\n"
        "        config: { run_for: 1h, exec_command: { stdout_string: \"out\\n\", stderr_string: \"err\\n\",\n"
        "                  exit_code: 3 } }\n");
    const Outcome out = exec({id, "no-such-program", "--at-all"});
    EXPECT_EQ(out.code, 3);
    EXPECT_EQ(out.out, "out\n");
    EXPECT_THAT(out.err, HasSubstr("err\n"));
}

TEST_F(Exec, WithoutATerminalSignalsToTheClientReachTheCommand) {
    const std::string id = run_job(job("raw_exec"));
    OnTerminal client(cluster, {"alloc", "exec", id, "sh", "-c", "echo up; exec sleep 1000"}, 24, 80);
    ASSERT_TRUE(client.shows("up"));
    ::kill(client.pid(), SIGTERM);
    EXPECT_EQ(client.code(), 128 + SIGTERM);
}

TEST_F(Exec, NothingOfInputOrOutputIsLostOrDoubled) {
    const std::string id = run_job(job("raw_exec"));
    const std::string tool = std::string(DROVER_BIN) + "/drover alloc exec -i " + id + " ";
    const Words env = {"DROVER_DATA_DIR=" + cluster.dir()};
    const Outcome in = run({"/bin/sh", "-c", "seq 1 150000 | " + tool + "cksum; seq 1 150000 | cksum"}, env, kLong);
    EXPECT_EQ(in.code, 0) << in.err;
    EXPECT_EQ(in.out.substr(0, in.out.size() / 2), in.out.substr(in.out.size() / 2)) << in.out;
    const Outcome out = run({"/bin/sh", "-c", tool + "seq 1 300000 | cksum; seq 1 300000 | cksum"}, env, kLong);
    EXPECT_EQ(out.out.substr(0, out.out.size() / 2), out.out.substr(out.out.size() / 2)) << out.out << out.err;
}

TEST_F(Exec, WhoRanWhatAndForHowLongIsHistory) {
    const std::string id = run_job(job("raw_exec"));
    EXPECT_EQ(exec({id, "sh", "-c", "sleep 1; exit 3"}).code, 3);
    ASSERT_TRUE(soon_ended(1));
    const Json began = events("Exec Started").at(0);
    const Json ended = events("Exec Ended").at(0);
    const std::string me = ::geteuid() == 0 ? "root" : ::getenv("USER");
    EXPECT_EQ(began["user"], me);
    EXPECT_EQ(began["command"], "sh -c 'sleep 1; exit 3'");
    EXPECT_EQ(ended["user"], me);
    EXPECT_EQ(ended["exit_code"], "3");
    EXPECT_THAT(ended["duration"].get<std::string>(), testing::StartsWith("1."));
    EXPECT_FALSE(ended.contains("exec_error"));
}

TEST_F(Exec, SecretsOfTheTaskAppearInNoArgumentEventOrLog) {
    const bool root = ::geteuid() == 0;
    const std::string canary = "canary-" + std::to_string(::getpid()) + "-value";
    const std::string more =
        "        templates: [{ destination: secrets/env, env: true, data: \"PASSWORD=" + canary + "\\n\" }]\n";
    for (const std::string driver : {"raw_exec", "exec"}) {
        if (driver == "exec" && !root) continue;
        const std::string id = run_job(job(driver, more));
        OnTerminal shell(cluster, {"alloc", "exec", "-it", id, "sh"}, 24, 80);
        shell.type("trap 'echo interrupted' INT; echo \"<${#PASSWORD}>\"; sleep 1000\n");
        ASSERT_TRUE(shell.shows("<" + std::to_string(canary.size()) + ">")) << shell.seen();
        for (const pid_t pid : processes_with(canary))
            EXPECT_THAT(read_proc("/proc/" + std::to_string(pid) + "/cmdline"), Not(HasSubstr(canary))) << pid;
        EXPECT_THAT(cluster.logs(), Not(HasSubstr(canary)));
        EXPECT_TRUE(shell.typing_shows("\x03", "interrupted\r\n")) << shell.seen();
        shell.type("exit 0\n");
        EXPECT_EQ(shell.code(), 0) << shell.seen();
        const Json history = task_of(cluster.alloc("web"), "server")["events"];
        EXPECT_THAT(history.dump(), Not(HasSubstr(canary)));
        cluster.drover({"job", "stop", "--purge", "web"}, kLong);
        EXPECT_TRUE(eventually([&] { return cluster.alloc("web").is_null(); }, kLong));
    }
}

TEST_F(Exec, ASessionEndsWithItsTask) {
    const std::string id = run_job(job("raw_exec"));
    OnTerminal shell(cluster, {"alloc", "exec", "-it", id, "sh", "-c", "echo $$ up; trap '' HUP TERM; sleep 1000"}, 24,
                     80);
    ASSERT_TRUE(shell.shows(" up")) << shell.seen();
    const pid_t command = std::stoi(shell.seen());
    cluster.drover({"alloc", "stop", id}, kLong);
    EXPECT_TRUE(shell.shows("the task has ended")) << shell.seen();
    EXPECT_EQ(shell.code(), 1);
    EXPECT_TRUE(eventually([&] { return !alive(command); }, kLong));
    ASSERT_TRUE(soon_ended(1));
    EXPECT_EQ(events("Exec Ended").at(0)["exec_error"], "the task has ended");
}

TEST_F(Exec, ASessionEndsWithItsClientAndTheTaskGoesOn) {
    const std::string id = run_job(job("raw_exec"));
    const pid_t task = task_pid();
    OnTerminal shell(cluster, {"alloc", "exec", "-it", id, "sh", "-c", "echo $$ up; trap '' HUP; sleep 1000"}, 24, 80);
    ASSERT_TRUE(shell.shows(" up")) << shell.seen();
    const pid_t command = std::stoi(shell.seen());
    ::kill(shell.pid(), SIGKILL);
    EXPECT_TRUE(eventually([&] { return !alive(command); }, kLong));
    ASSERT_TRUE(soon_ended(1));
    EXPECT_THAT(events("Exec Ended").at(0)["exec_error"].get<std::string>(), HasSubstr("went away"));
    EXPECT_EQ(task_pid(), task);
}

TEST_F(Exec, ARestartOfTheDriverManagerEndsSessionsWithASentenceAndHarmsNoTask) {
    const std::string id = run_job(job("raw_exec"));
    const pid_t task = task_pid();
    OnTerminal shell(cluster, {"alloc", "exec", "-it", id, "sh", "-c", "echo $$ up; trap '' HUP; sleep 1000"}, 24, 80);
    ASSERT_TRUE(shell.shows(" up")) << shell.seen();
    const pid_t command = std::stoi(shell.seen());
    cluster.kill(Service::driver_manager);
    EXPECT_TRUE(eventually([&] { return !alive(command); }, kLong));
    cluster.start(Service::driver_manager);
    EXPECT_TRUE(shell.shows("the driver-manager was restarted")) << shell.seen();
    EXPECT_EQ(shell.code(), 1);
    ASSERT_TRUE(soon_ended(1));
    EXPECT_EQ(events("Exec Started").size(), 1U) << "it was not begun again";
    EXPECT_EQ(events("Exec Ended").at(0)["exec_error"], "the driver-manager was restarted");
    EXPECT_EQ(exec({id, "true"}).code, 0);
    EXPECT_EQ(task_pid(), task);
}

TEST_F(Exec, AGatewayThatDiesEndsSessionsAndHarmsNoTask) {
    const std::string id = run_job(job("raw_exec"));
    const pid_t task = task_pid();
    OnTerminal shell(cluster, {"alloc", "exec", "-it", id, "sh", "-c", "echo $$ up; trap '' HUP; sleep 1000"}, 24, 80);
    ASSERT_TRUE(shell.shows(" up")) << shell.seen();
    const pid_t command = std::stoi(shell.seen());
    cluster.kill(Service::gateway);
    cluster.start(Service::gateway);
    EXPECT_TRUE(eventually([&] { return !alive(command); }, kLong));
    EXPECT_EQ(shell.code(), 3) << shell.seen();
    ASSERT_TRUE(soon_ended(1));
    EXPECT_EQ(task_pid(), task);
}

}  // namespace
}  // namespace drover::integration
