// The driver-manager with real processes: the agent and real hands on a real loop, told and heard over a simulated bus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <climits>
#include <csignal>

#include "bus/sim_transport.hpp"
#include "driver-manager/shell/agent.hpp"
#include "driver-manager/shell/log_desk.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "os/files.hpp"
#include "os/proc.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;
using wire::RunPhase;
using wire::Value;

constexpr Duration kLimit = seconds(20);
const TaskKey kServer{"a1", "server"};

std::string beside_this_program(const std::string& name) {
    std::string self(PATH_MAX, '\0');
    const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
    self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return self.substr(0, self.rfind('/') + 1) + name;
}

class NodeTest : public testing::Test {
   protected:
    NodeTest() {
        std::string path = testing::TempDir() + "drover-node-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        ::chmod(dir_.c_str(), 0711);
        start();
    }

    ~NodeTest() override {
        for (const TaskKey& key : process_->agent.inventory().tasks()) {
            wire::TaskCommand end = command(wire::Verb::destroy, 1);
            end.task = key.task;
            say(end);
        }
        EXPECT_TRUE(soon([&] { return process_->agent.inventory().tasks().empty(); }));
        process_.reset();
        EXPECT_TRUE(os::remove_tree(dir_));
    }

    struct Process {
        Process(rt::Loop& loop, const std::string& dir)
            : network(loop, 1),
              transport(network.join()),
              exchange(loop, *transport, {"n1", "driver-manager", "b"}),
              hands(loop,
                    {dir + "/tasks", dir + "/allocs", beside_this_program("drover-shim"),
                     beside_this_program("drover-mock-task")},
                    "n1", 4),
              agent(loop, exchange, hands, "n1", 1) {
            const auto started = agent.start();
            EXPECT_TRUE(started) << started.error().message;
        }
        bus::SimNetwork network;
        std::unique_ptr<bus::Transport> transport;
        bus::Exchange exchange;
        NodeHands hands;
        Agent agent;
    };

    void start() { process_ = std::make_unique<Process>(loop_, dir_); }
    void die() { process_.reset(); }

    static wire::TaskCommand command(wire::Verb verb, std::uint64_t seq) {
        wire::TaskCommand result;
        result.alloc = kServer.alloc;
        result.task = kServer.task;
        result.job = "web";
        result.group = "front";
        result.term = 1;
        result.verb = verb;
        result.seq = seq;
        result.incarnation = "id" + std::to_string(seq);
        result.kill_signal = "SIGTERM";
        result.kill_timeout = milliseconds(200);
        result.spec.name = "server";
        return result;
    }

    static wire::TaskCommand shell(std::uint64_t seq, const std::string& script) {
        wire::TaskCommand result = command(wire::Verb::run, seq);
        result.spec.driver = "raw_exec";
        result.spec.config = {{"command", {std::string("/bin/sh")}},
                              {"args", {Value::List{{std::string("-c")}, {script}}}}};
        return result;
    }

    static wire::TaskCommand mock(std::uint64_t seq, Value::Map config) {
        wire::TaskCommand result = command(wire::Verb::run, seq);
        result.spec.driver = "mock";
        result.spec.config = std::move(config);
        return result;
    }

    void say(const wire::TaskCommand& command) {
        wire::Record record;
        record.kind = "TaskCommand";
        record.key = command.alloc + "/" + command.task;
        record.body = wire::encode(command);
        process_->agent.on_record("ar-0", "task/command/n1", record);
    }

    wire::IncarnationObserved find(std::uint64_t seq) {
        if (const auto observed = process_->agent.inventory().observed(kServer))
            for (const auto& run : observed->incarnations)
                if (run.seq == seq) return run;
        return {};
    }

    wire::IncarnationObserved wait_for(std::uint64_t seq, RunPhase phase) {
        const auto is = [&] {
            const auto run = find(seq);
            return run.seq == seq && run.phase == phase;
        };
        EXPECT_TRUE(soon(is)) << "run " << seq << " is " << to_string(find(seq).phase) << " " << find(seq).error;
        return find(seq);
    }

    Result<wire::LogChunk> read_log(const std::string& stream) {
        wire::LogRead read;
        read.alloc = kServer.alloc;
        read.task = kServer.task;
        read.stream = stream;
        return process_->hands.read_log(read);
    }

    bool soon_logged(const std::string& text) {
        return soon([&] {
            const auto log = read_log("stdout");
            return log && log->data.find(text) != std::string::npos;
        });
    }

    // Files and processes do not wake the loop, so it looks again by itself.
    bool soon(const std::function<bool()>& done) {
        rt::Token ticker = 0;
        const std::function<void()> tick = [&] { ticker = loop_.at(loop_.now() + milliseconds(5), tick); };
        tick();
        const bool result = loop_.run_until(done, kLimit);
        loop_.cancel(ticker);
        return result;
    }

    rt::EpollLoop loop_;
    std::string dir_;
    std::unique_ptr<Process> process_;
};

TEST_F(NodeTest, RunsACommandAndReportsItsExitCodeAndItsOutput) {
    say(shell(1, "echo \"$NOMAD_ALLOC_NAME in $PWD\"; echo oops >&2; exit 3"));
    const auto run = wait_for(1, RunPhase::exited);
    EXPECT_EQ(run.exit.code, 3);
    EXPECT_EQ(run.id, "id1");
    EXPECT_GT(run.pid, 0);
    EXPECT_TRUE(soon_logged("web.front[0] in " + dir_ + "/allocs/a1/server\n"));
    EXPECT_EQ(read_log("stderr")->data, "oops\n");
}

TEST_F(NodeTest, ARunningTaskKeepsItsPidThroughTheDeathOfTheDriverManager) {
    say(shell(1, "exec sleep 1000"));
    const auto before = wait_for(1, RunPhase::running);
    const auto process = os::read_proc(static_cast<pid_t>(before.pid));
    die();
    start();
    const auto after = wait_for(1, RunPhase::running);
    EXPECT_EQ(after, before);
    EXPECT_EQ(os::read_proc(static_cast<pid_t>(after.pid))->start_time, process->start_time);
}

TEST_F(NodeTest, AnEndDuringTheDriverManagersDeathIsReportedAsItWas) {
    say(shell(1, "while [ ! -e " + dir_ + "/go ]; do sleep 0.02; done; exit 42"));
    const auto pid = static_cast<pid_t>(wait_for(1, RunPhase::running).pid);
    die();
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/go", "", 0644, os::Durable::no));
    ASSERT_TRUE(soon([&] { return !os::read_proc(pid); }));
    start();
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, 42);
    say(shell(1, "exit 0"));
    EXPECT_EQ(find(1).exit.code, 42);
}

TEST_F(NodeTest, ATaskThatIgnoresTheSignalIsKilledAtItsTimeout) {
    say(mock(1, {{"run_for", {std::string("1h")}}, {"ignores_term", {true}}, {"stdout_string", {std::string("up")}}}));
    wait_for(1, RunPhase::running);
    ASSERT_TRUE(soon_logged("up"));
    say(command(wire::Verb::stop, 1));
    const auto run = wait_for(1, RunPhase::exited);
    EXPECT_EQ(run.exit.signal, SIGKILL);
    EXPECT_EQ(run.exit.code, 128 + SIGKILL);
}

TEST_F(NodeTest, ATaskThatHeedsTheSignalEndsByIt) {
    say(shell(1, "exec sleep 1000"));
    wait_for(1, RunPhase::running);
    say(command(wire::Verb::stop, 1));
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.signal, SIGTERM);
}

TEST_F(NodeTest, ADeadSupervisorIsReportedAsLost) {
    say(mock(1, {{"crash", {true}}, {"run_for", {std::string("20ms")}}}));
    const auto run = wait_for(1, RunPhase::exited);
    EXPECT_EQ(run.exit.code, -1);
    EXPECT_THAT(run.exit.error, HasSubstr("lost"));
}

TEST_F(NodeTest, AFailingStartSaysWhy) {
    wire::TaskCommand missing = command(wire::Verb::run, 1);
    missing.spec.driver = "raw_exec";
    missing.spec.config = {{"command", {std::string("/no/such/program")}}};
    say(missing);
    EXPECT_THAT(wait_for(1, RunPhase::start_failed).error, HasSubstr("/no/such/program"));
    EXPECT_FALSE(find(1).recoverable);
    say(mock(2, {{"start_error", {std::string("no luck")}}, {"start_error_recoverable", {true}}}));
    EXPECT_EQ(wait_for(2, RunPhase::start_failed).error, "no luck");
    EXPECT_TRUE(find(2).recoverable);
    wire::TaskCommand unknown = command(wire::Verb::run, 3);
    unknown.spec.driver = "raw_exce";
    say(unknown);
    EXPECT_THAT(wait_for(3, RunPhase::start_failed).error, HasSubstr("did you mean raw_exec?"));
}

TEST_F(NodeTest, DeliversSignalsAndSaysWhichItCannot) {
    say(shell(1, "trap 'echo got it' USR1; echo up; while :; do sleep 0.02; done"));
    wait_for(1, RunPhase::running);
    ASSERT_TRUE(soon_logged("up"));
    wire::TaskCommand asked = shell(1, "");
    asked.signals = {{.id = 1, .task = "server", .signal = "SIGUSR1"}};
    say(asked);
    EXPECT_TRUE(soon_logged("got it"));
    ASSERT_TRUE(soon([&] { return find(1).signals_applied == 1; }));
    asked.signals.push_back({.id = 2, .task = "server", .signal = "SIGNOPE"});
    say(asked);
    EXPECT_EQ(find(1).signals_applied, 2u);
    EXPECT_THAT(find(1).signal_error, HasSubstr("SIGNOPE"));
}

TEST_F(NodeTest, ADestroyedTaskLeavesNothingBehind) {
    say(shell(1, "echo hello"));
    wait_for(1, RunPhase::exited);
    EXPECT_TRUE(os::exists(dir_ + "/allocs/a1/server"));
    say(command(wire::Verb::destroy, 1));
    EXPECT_FALSE(os::exists(dir_ + "/allocs/a1"));
    EXPECT_FALSE(os::exists(dir_ + "/tasks/a1"));
    EXPECT_THAT(read_log("stdout").error().message, HasSubstr("alloc a1"));
}

TEST_F(NodeTest, WhatOnlyHasDirectoriesIsStillReportedAfterARestart) {
    say(shell(1, "echo hello"));
    wait_for(1, RunPhase::exited);
    wire::TaskCommand released = shell(1, "");
    released.released = 1;
    say(released);
    const auto before = process_->agent.inventory().observed(kServer);
    die();
    start();
    auto after = process_->agent.inventory().observed(kServer);
    ASSERT_TRUE(after.has_value());
    after->term = before->term;
    EXPECT_EQ(after, before);
}

TEST_F(NodeTest, AnswersForItsLogsOnlyWithinItsDirectories) {
    wire::LogRead read;
    read.alloc = "..";
    read.task = "server";
    read.stream = "stdout";
    EXPECT_FALSE(process_->hands.read_log(read));
    read.alloc = "a1";
    read.stream = "../../secret";
    EXPECT_FALSE(process_->hands.read_log(read));
}

TEST_F(NodeTest, ManyTasksStartAtOnceAndAllRun) {
    for (int i = 0; i < 20; ++i) {
        wire::TaskCommand one = mock(1, {{"run_for", {std::string("1h")}}});
        one.task = one.spec.name = "t" + std::to_string(i);
        say(one);
    }
    const auto all_run = [&] {
        for (const TaskKey& key : process_->agent.inventory().tasks())
            if (process_->agent.inventory().observed(key)->incarnations[0].phase != RunPhase::running) return false;
        return true;
    };
    EXPECT_TRUE(soon(all_run));
    EXPECT_EQ(process_->agent.inventory().tasks().size(), 20u);
}

}  // namespace
}  // namespace drover::driver_manager
