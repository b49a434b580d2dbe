// Children, scripts, probes, the payload and facts, with real processes, sockets and files.
#include "driver-manager/setup/children.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "driver-manager/setup/facts.hpp"
#include "driver-manager/setup/payload.hpp"
#include "driver-manager/setup/probes.hpp"
#include "driver-manager/setup/scripts.hpp"
#include "os/files.hpp"
#include "os/proc.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::setup {
namespace {

using testing::HasSubstr;

constexpr Duration kLimit = seconds(20);

class ChildrenTest : public testing::Test {
   protected:
    ChildrenTest() {
        std::string path = testing::TempDir() + "drover-setup-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        ::chmod(dir_.c_str(), 0777);
    }
    ~ChildrenTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

    static Child shell(const std::string& script, Duration limit = kLimit) {
        Child child;
        child.options.path = "/bin/sh";
        child.options.argv = {"sh", "-c", script};
        child.options.env = {"PATH=/usr/bin:/bin"};
        child.limit = limit;
        return child;
    }

    ChildEnd run(Child child) {
        ChildEnd out;
        bool ended = false;
        const auto started = children_.start(std::move(child), [&](const ChildEnd& end) {
            out = end;
            ended = true;
        });
        EXPECT_TRUE(started) << started.error().message;
        EXPECT_TRUE(loop_.run_until([&] { return ended; }, kLimit));
        return out;
    }

    // With `program` in the place of drover-session.
    Result<void> run_script(const std::string& program, Duration limit = kLimit) {
        EXPECT_TRUE(os::write_file_atomic(dir_ + "/session", "#!/bin/sh\n" + program, 0755, os::Durable::no));
        Result<void> out;
        bool ended = false;
        const drivers::ScriptPlan plan{{"drain", "--all"}, {{"GREETING", "hello"}, {"PASSWORD", "hunter2"}}};
        const auto started = setup::run_script(children_, plan, {dir_ + "/session", "/i"}, limit, [&](const auto& end) {
            out = end;
            ended = true;
        });
        if (!started) return tl::unexpected(started.error());
        EXPECT_TRUE(loop_.run_until([&] { return ended; }, kLimit));
        return out;
    }

    // Also for what the loop does not see.
    bool until(const std::function<bool()>& done) {
        rt::Token ticker = 0;
        const std::function<void()> tick = [&] { ticker = loop_.at(loop_.now() + milliseconds(2), tick); };
        tick();
        const bool result = loop_.run_until(done, kLimit);
        loop_.cancel(ticker);
        return result;
    }

    pid_t pid_in(const std::string& file) const {
        return static_cast<pid_t>(std::strtol(os::read_file(file, 64).value_or("0").c_str(), nullptr, 10));
    }

    std::string dir_;
    rt::EpollLoop loop_;
    Children children_{loop_};
};

TEST_F(ChildrenTest, EveryLineOfOneThatIsHeardComesBeforeItsEnd) {
    std::vector<std::string> lines;
    Child child = shell("echo one; echo; sleep 0.05; printf 'two\\nrest'; exit 3");
    child.heard = true;
    child.on_line = [&](const std::string& line) { lines.push_back(line); };
    const ChildEnd end = run(std::move(child));
    EXPECT_THAT(lines, testing::ElementsAre("one", "", "two"));
    EXPECT_EQ(end.said, "rest");
    EXPECT_EQ(end.status.code, 3);
}

TEST_F(ChildrenTest, HearsInputAndIsHeardUntilItEnds) {
    Child child = shell("read line; echo \"got $line\"; exit 3");
    child.input = "secret\n";
    child.heard = true;
    const ChildEnd end = run(std::move(child));
    EXPECT_EQ(end.status.code, 3);
    EXPECT_EQ(end.said, "got secret\n");
    EXPECT_FALSE(end.overdue);
    EXPECT_EQ(children_.size(), 0U);
}

TEST_F(ChildrenTest, IsKilledAtItsLimitWithAllThatItStarted) {
    const std::string file = dir_ + "/pid";
    const ChildEnd end = run(shell("sleep 1000 & echo $! > " + file + "; wait", milliseconds(300)));
    EXPECT_TRUE(end.overdue);
    EXPECT_EQ(end.status.signal, SIGKILL);
    EXPECT_TRUE(until([&] { return !os::read_proc(pid_in(file)) || os::read_proc(pid_in(file))->state == 'Z'; }));
}

TEST_F(ChildrenTest, OneThatIsKilledIsNotHeardOfAndLeavesNoZombie) {
    bool heard = false;
    const auto id = children_.start(shell("sleep 1000"), [&](const ChildEnd&) { heard = true; });
    ASSERT_TRUE(id);
    children_.kill(*id);
    EXPECT_TRUE(until([&] { return children_.size() == 0; }));
    EXPECT_FALSE(heard);
    children_.kill(*id);
}

TEST_F(ChildrenTest, NoneOutlivesADriverManagerThatIsKilled) {
    const std::string file = dir_ + "/pid";
    const pid_t parent = ::fork();
    if (parent == 0) {
        rt::EpollLoop loop;
        Children children(loop);
        (void)children.start(shell("echo $$ > " + file + ".new; mv " + file + ".new " + file + "; exec sleep 1000"),
                             nullptr);
        loop.run_until([] { return false; }, kLimit);
        ::_exit(0);
    }
    EXPECT_TRUE(until([&] { return os::exists(file); }));
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    EXPECT_TRUE(until([&] { return !os::read_proc(pid_in(file)) || os::read_proc(pid_in(file))->state == 'Z'; }));
}

TEST_F(ChildrenTest, WhatCannotBeStartedIsAnErrorAtOnce) {
    Child child = shell("");
    child.options.path = "/no/such/program";
    EXPECT_THAT(children_.start(std::move(child), nullptr).error().message, HasSubstr("/no/such/program"));
}

TEST_F(ChildrenTest, AScriptIsRunByTheProgramThatKnowsThePlaceOfTheTaskAndItsEnvironmentIsOnNoCommandLine) {
    const auto done = run_script("echo \"$@\" >" + dir_ + "/words; cat >" + dir_ + "/env", seconds(5));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(os::read_file(dir_ + "/words", 1000), "/i 5000 drain --all\n");
    EXPECT_EQ(os::read_file(dir_ + "/env", 1000), std::string("GREETING=hello\0PASSWORD=hunter2\0", 32));
}

TEST_F(ChildrenTest, AScriptThatFailsSaysHow) {
    EXPECT_EQ(run_script("exit 7").error().message, "drain exited with code 7");
    EXPECT_EQ(run_script("echo drain did not end within 5s and was killed; exit 124").error().message,
              "drain did not end within 5s and was killed");
    EXPECT_THAT(run_script("kill -9 $$").error().message, HasSubstr("ended without a word"));
    EXPECT_THAT(setup::run_script(children_, {{"x"}, {}}, {"", "/i"}, kLimit, nullptr).error().message,
                HasSubstr("drover-session is not installed"));
}

TEST_F(ChildrenTest, WhatWindsUpIsToldToAndHasAMomentForIt) {
    Child child = shell("trap 'echo bye >" + dir_ + "/bye; exit' TERM; echo up; while :; do sleep 0.05; done");
    child.winds_up = child.heard = true;
    bool up = false;
    child.on_line = [&](const std::string&) { up = true; };
    const auto id =
        children_.start(std::move(child), [](const ChildEnd&) { ADD_FAILURE() << "it was not to be heard"; });
    ASSERT_TRUE(id);
    ASSERT_TRUE(loop_.run_until([&] { return up; }, kLimit));
    children_.kill(*id);
    EXPECT_TRUE(until([&] { return children_.size() == 0; }));
    EXPECT_TRUE(os::exists(dir_ + "/bye"));
}

TEST_F(ChildrenTest, AProbeSaysOnceThatAFileIsThere) {
    int ready = 0;
    Probes probes(loop_, [&](const launcher::RunKey& key) { ready += key.seq == 7 ? 1 : 100; });
    probes.ask({"a", "t", 7}, {"sub/ready", 0, milliseconds(10)}, dir_);
    probes.ask({"a", "t", 8}, {dir_ + "/never", 0, milliseconds(10)}, dir_);
    EXPECT_FALSE(loop_.run_until([&] { return ready > 0; }, milliseconds(50)));
    ASSERT_TRUE(os::make_dir(dir_ + "/sub", 0755));
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/sub/ready", "", 0644, os::Durable::no));
    EXPECT_TRUE(loop_.run_until([&] { return ready > 0; }, kLimit));
    probes.forget({"a", "t", 8});
    EXPECT_FALSE(loop_.run_until([&] { return ready != 1; }, milliseconds(50)));
}

TEST_F(ChildrenTest, AProbeSaysOnceThatAPortAnswers) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    int ready = 0;
    Probes probes(loop_, [&](const launcher::RunKey&) { ++ready; });
    probes.ask({"a", "t", 1}, {"", ntohs(address.sin_port), milliseconds(10)}, dir_);
    EXPECT_FALSE(loop_.run_until([&] { return ready > 0; }, milliseconds(50))) << "bound is not listening";
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    EXPECT_TRUE(loop_.run_until([&] { return ready > 0; }, kLimit));
}

TEST_F(ChildrenTest, APayloadIsWrittenBelowLocalAndNowhereElse) {
    Site site;
    site.dirs.local = dir_ + "/local";
    ASSERT_TRUE(os::make_dir(site.dirs.local, 0777));
    site.command.payload = std::string("a\0b", 3);
    site.command.spec.payload_file = "in/put";
    ASSERT_TRUE(write_payload(site));
    EXPECT_EQ(os::read_file(dir_ + "/local/in/put", 10), std::string("a\0b", 3));
    struct stat st {};
    ASSERT_EQ(::stat((dir_ + "/local/in/put").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0777U);
    site.command.payload = "again";
    ASSERT_TRUE(write_payload(site));
    EXPECT_EQ(os::read_file(dir_ + "/local/in/put", 10), "again");
    ASSERT_EQ(::symlink("..", (dir_ + "/local/up").c_str()), 0);
    for (const char* bad : {"../x", "/x", "a/../../x", "", "up/x"}) {
        site.command.spec.payload_file = bad;
        const auto written = write_payload(site);
        ASSERT_FALSE(written) << bad;
        EXPECT_NE(written.error().kind, ErrorKind::unavailable) << bad;
    }
    EXPECT_FALSE(os::exists(dir_ + "/x"));
}

TEST_F(ChildrenTest, FactsAreTheSameAfterARestartAndNothingWhenDamaged) {
    Facts facts;
    facts.told.steps = {{wire::SetupKind::directory, Instant{5}, milliseconds(1), true, ""}};
    facts.told.ready = facts.told.pre_kill_done = true;
    facts.told.pre_kill_error = "no";
    facts.told.last_output = "bye";
    facts.stdout_start = 7;
    facts.stderr_start = 8;
    ASSERT_TRUE(save_facts(dir_, facts));
    EXPECT_EQ(load_facts(dir_), facts);
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/facts", "7 8\nrubbish", 0600, os::Durable::no));
    EXPECT_EQ(load_facts(dir_).told, wire::IncarnationObserved{});
    EXPECT_EQ(load_facts(dir_ + "/nowhere"), Facts{});
}

}  // namespace
}  // namespace drover::setup
