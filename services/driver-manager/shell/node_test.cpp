#include "driver-manager/shell/node_test.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>

#include "os/mounts.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;

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

TEST_F(NodeTest, AMockTaskEndsWithTheSentenceOfItsConfigAndRefusesSignalsWithAnother) {
    say(mock(1, {{"exit_err_msg", {std::string("the disk has gone")}}}));
    const auto run = wait_for(1, RunPhase::exited);
    EXPECT_EQ(run.exit.code, 0);
    EXPECT_EQ(run.exit.error, "the disk has gone");
    EXPECT_FALSE(run.exit.successful());

    wire::TaskCommand deaf = mock(2, {{"run_for", {std::string("1h")}}, {"signal_error", {std::string("it is deaf")}}});
    say(deaf);
    wait_for(2, RunPhase::running);
    deaf.signals.emplace_back();
    deaf.signals.back().id = 1;
    deaf.signals.back().signal = "SIGHUP";
    say(deaf);
    EXPECT_TRUE(soon([&] { return find(2).signals_applied == 1; }));
    EXPECT_EQ(find(2).signal_error, "it is deaf");
    EXPECT_EQ(find(2).phase, RunPhase::running);
}

TEST_F(NodeTest, WhatADriverSaysIsKeptAndToldOnceWhoeverHearsItAgain) {
    say(shell(1, "exec sleep 1000"));
    wait_for(1, RunPhase::running);
    const Instant at{1'000'000};
    const auto hear = [&](const std::string& message) { process_->hands.driver_said(kServer, 1, at, message); };
    hear("Pulling image");
    hear("Pulled");
    ASSERT_TRUE(soon([&] { return find(1).driver_words.size() == 2; }));
    die();
    start();
    wait_for(1, RunPhase::running);
    hear("Pulling image");
    hear("Done");
    ASSERT_TRUE(soon([&] { return find(1).driver_words.size() == 3; }));
    EXPECT_EQ(find(1).driver_words.back(), (wire::DriverWord{3, at, "Done"}));
    process_->hands.driver_said(kServer, 9, at, "nobody is meant");
}

TEST_F(NodeTest, AForbiddenDriverStartsNothingAndWhatItRunsAlreadyIsLeftAlone) {
    say(shell(1, "exec sleep 1000"));
    const auto before = wait_for(1, RunPhase::running);
    die();
    limits_.drivers.block = {"raw_exec"};
    start();
    EXPECT_EQ(wait_for(1, RunPhase::running).pid, before.pid);
    say(command(wire::Verb::stop, 1));
    wait_for(1, RunPhase::exited);
    say(shell(2, "exit 0"));
    const auto refused = wait_for(2, RunPhase::start_failed);
    EXPECT_THAT(refused.error, HasSubstr("driver raw_exec is forbidden on this node: drivers_block names it"));
    EXPECT_FALSE(refused.recoverable);
}

TEST_F(NodeTest, SecretsInMemoryOutliveTheDriverManagerAndGoWithTheirTask) {
    if (!process_->hands.hides_secrets()) GTEST_SKIP() << "mounting needs a right that is missing here";
    const std::string secrets = dir_ + "/allocs/a1/server/secrets";
    const auto is_mounted = [&] {
        const auto mounts = os::read_mounts();
        return std::any_of(mounts.begin(), mounts.end(), [&](const os::Mount& one) { return one.path == secrets; });
    };
    say(shell(1, "echo x > secrets/token; echo written; exec sleep 1000"));
    wait_for(1, RunPhase::running);
    ASSERT_TRUE(soon_logged("written"));
    EXPECT_TRUE(is_mounted());
    die();
    start();
    wait_for(1, RunPhase::running);
    EXPECT_TRUE(os::exists(secrets + "/token"));
    say(command(wire::Verb::destroy, 1));
    EXPECT_TRUE(soon([&] { return process_->agent.inventory().tasks().empty(); }));
    EXPECT_FALSE(is_mounted());
    EXPECT_FALSE(os::exists(dir_ + "/allocs/a1"));
}

TEST_F(NodeTest, ATaskThatHeedsTheSignalEndsByIt) {
    say(shell(1, "exec sleep 1000"));
    wait_for(1, RunPhase::running);
    say(command(wire::Verb::stop, 1));
    const auto run = wait_for(1, RunPhase::exited);
    EXPECT_EQ(run.exit.code, 143);
    EXPECT_EQ(run.exit.signal, 15);
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
    EXPECT_TRUE(soon([&] { return !os::exists(dir_ + "/allocs/a1"); }));
    EXPECT_FALSE(os::exists(dir_ + "/tasks/a1"));
    for (const char* trash : {"/allocs/.trash", "/tasks/.trash"})
        EXPECT_TRUE(soon([&] { return os::list_dir(dir_ + trash, 10)->empty(); })) << trash;
    EXPECT_THAT(read_log("stdout").error().message, HasSubstr("alloc a1"));
}

TEST_F(NodeTest, WhatOnlyHasDirectoriesIsStillReportedAfterARestart) {
    say(shell(1, "echo hello"));
    wait_for(1, RunPhase::exited);
    wire::TaskCommand released = shell(1, "");
    released.released = 1;
    say(released);
    ASSERT_TRUE(soon([&] { return !os::exists(dir_ + "/tasks/a1/server/1"); }));
    const auto before = process_->agent.inventory().observed(kServer);
    die();
    start();
    auto after = process_->agent.inventory().observed(kServer);
    ASSERT_TRUE(after.has_value());
    after->term = before->term;
    EXPECT_EQ(after, before);
}

TEST_F(NodeTest, AFileWhereADirectoryBelongsKeepsNeitherTheNodeNorItsAllocDown) {
    say(shell(1, "exec sleep 1000"));
    const auto before = wait_for(1, RunPhase::running);
    die();
    for (const char* file : {"/tasks/a2", "/allocs/a2", "/tasks/a1/other", "/allocs/a1/other"})
        ASSERT_TRUE(os::write_file_atomic(dir_ + file, "?", 0600, os::Durable::no)) << file;
    start();
    EXPECT_EQ(wait_for(1, RunPhase::running).pid, before.pid);
    EXPECT_EQ(process_->agent.inventory().tasks(), (std::vector<TaskKey>{kServer}));
    wire::TaskCommand second = shell(1, "exec sleep 1000");
    second.alloc = "a2";
    say(second);
    EXPECT_TRUE(soon([&] {
        const auto seen = process_->agent.inventory().observed({"a2", "server"});
        return seen && !seen->incarnations.empty() && seen->incarnations[0].phase == RunPhase::running;
    }));
    second.verb = wire::Verb::destroy;
    say(second);
    EXPECT_TRUE(soon([&] { return process_->agent.inventory().tasks().size() == 1; }));
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
