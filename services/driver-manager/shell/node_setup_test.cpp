// What is done around a task: its setup, scripts, probes and last words.
#include <gmock/gmock.h>

#include <csignal>

#include "driver-manager/allocdir/secrets.hpp"
#include "driver-manager/shell/node_test.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;

class NodeSetupTest : public NodeTest {
   protected:
    wire::TaskCommand with_artifact(std::uint64_t seq, const std::string& source) {
        wire::TaskCommand result = shell(seq, "cat local/data; sleep 1000");
        wire::Artifact artifact;
        artifact.source = source;
        result.spec.artifacts.push_back(artifact);
        return result;
    }

    std::string source_file(const std::string& text) {
        EXPECT_TRUE(os::write_file_atomic(dir_ + "/data", text, 0644, os::Durable::no));
        return "file://" + dir_ + "/data";
    }

    // In the place of drover-fetch.
    std::string program(const std::string& script) {
        EXPECT_TRUE(os::write_file_atomic(dir_ + "/fetch", "#!/bin/sh\n" + script, 0755, os::Durable::no));
        return dir_ + "/fetch";
    }

    pid_t pid_in(const std::string& file) const {
        return static_cast<pid_t>(std::strtol(os::read_file(file, 64).value_or("0").c_str(), nullptr, 10));
    }
};

TEST_F(NodeSetupTest, EveryStepIsToldAndTheTaskFindsWhatItNeeds) {
    wire::TaskCommand command = with_artifact(1, source_file("fetched"));
    command.spec.payload_file = "input";
    command.payload = "handed over";
    command.meta = {{"tier", "front"}};
    command.spec.config["args"] = {
        Value::List{{std::string("-c")},
                    {std::string("cat local/data local/input; echo \" $DROVER_META_TIER ${meta.tier}\"; sleep 1000")}}};
    say(command);
    const auto run = wait_for(1, RunPhase::running);
    ASSERT_EQ(run.steps.size(), 3U);
    EXPECT_EQ(run.steps[0].kind, wire::SetupKind::directory);
    EXPECT_EQ(run.steps[1].kind, wire::SetupKind::payload);
    EXPECT_EQ(run.steps[2].kind, wire::SetupKind::artifacts);
    for (const auto& step : run.steps) EXPECT_TRUE(step.over && step.error.empty() && step.began_at.set());
    EXPECT_GT(run.steps[2].took, Duration{});
    EXPECT_EQ(run.waits, "");
    EXPECT_TRUE(soon_logged("fetchedhanded over front front\n"));
}

TEST_F(NodeSetupTest, AFailedArtifactFailsTheStartAndTheNextTryFetchesOnlyWhatIsMissing) {
    wire::TaskCommand command = with_artifact(1, source_file("one"));
    wire::Artifact missing;
    missing.source = "file://" + dir_ + "/later";
    missing.destination = "local/second";
    command.spec.artifacts.push_back(missing);
    say(command);
    const auto run = wait_for(1, RunPhase::start_failed);
    EXPECT_THAT(run.error, HasSubstr("cannot fetch the artifact file://" + dir_ + "/later: cannot open"));
    EXPECT_TRUE(run.recoverable);
    ASSERT_EQ(run.steps.size(), 2U);
    EXPECT_EQ(run.steps[1].error, run.error);
    die();
    start();
    EXPECT_EQ(wait_for(1, RunPhase::start_failed).error, run.error) << "also after a restart";
    command.seq = 2;
    command.incarnation = "id2";
    command.spec.artifacts.pop_back();
    say(command);
    wait_for(2, RunPhase::running);
    source_file("changed");
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/later", "two", 0644, os::Durable::no));
    wire::TaskCommand stop = NodeTest::command(wire::Verb::stop, 2);
    say(stop);
    wait_for(2, RunPhase::exited);
    command.seq = 3;
    command.incarnation = "id3";
    command.spec.artifacts.push_back(missing);
    say(command);
    wait_for(3, RunPhase::running);
    EXPECT_EQ(os::read_file(dir_ + "/allocs/a1/server/local/data", 100), "one");
    EXPECT_EQ(os::read_file(dir_ + "/allocs/a1/server/local/second/later", 100), "two");
}

TEST_F(NodeSetupTest, ArtifactsAreFetchedAsTheTasksUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "another user needs root";
    wire::TaskCommand command = with_artifact(1, source_file("x"));
    command.spec.user = "nobody";
    say(command);
    wait_for(1, RunPhase::running);
    struct stat st {};
    ASSERT_EQ(::stat((dir_ + "/allocs/a1/server/local/data").c_str(), &st), 0);
    EXPECT_EQ(st.st_uid, 65534U);
    ASSERT_EQ(::chmod((dir_ + "/data").c_str(), 0600), 0);
    command.task = command.spec.name = "other";
    say(command);
    const TaskKey other{"a1", "other"};
    const auto phase = [&] { return process_->agent.inventory().observed(other)->incarnations[0].phase; };
    EXPECT_TRUE(soon([&] { return phase() == RunPhase::start_failed; })) << "what the user may not read";
    command.seq = 2;
    command.spec.user = "no-such-user";
    say(command);
    EXPECT_TRUE(soon([&] { return process_->agent.inventory().observed(other)->incarnations.size() == 2; }));
    EXPECT_TRUE(soon(
        [&] { return process_->agent.inventory().observed(other)->incarnations[1].phase == RunPhase::start_failed; }));
}

TEST_F(NodeSetupTest, WhatNoTryCanCureIsNotRecoverable) {
    wire::TaskCommand command = with_artifact(1, source_file("x"));
    command.spec.artifacts[0].destination = "../out";
    say(command);
    EXPECT_THAT(wait_for(1, RunPhase::start_failed).error, HasSubstr("leaves the task's directory"));
    EXPECT_FALSE(find(1).recoverable);
    command.seq = 2;
    command.spec.artifacts[0].destination = "";
    command.spec.artifacts[0].checksum = "sha256:" + std::string(64, '0');
    say(command);
    EXPECT_THAT(wait_for(2, RunPhase::start_failed).error, HasSubstr("its checksum is"));
    EXPECT_FALSE(find(2).recoverable);
    command.seq = 3;
    command.spec.artifacts.clear();
    command.spec.payload_file = "../x";
    say(command);
    EXPECT_THAT(wait_for(3, RunPhase::start_failed).error, HasSubstr("the payload cannot be written"));
    EXPECT_FALSE(find(3).recoverable);
}

TEST_F(NodeSetupTest, AStopDuringAStepEndsTheSetupAndItsChildrenAtOnce) {
    const std::string file = dir_ + "/pid";
    fetch_ = program("echo $$ > " + file + "\nsleep 1000 & wait\n");
    die();
    start();
    say(with_artifact(1, "http://127.0.0.1:1/x"));
    ASSERT_TRUE(soon([&] { return pid_in(file) != 0; }));
    EXPECT_EQ(find(1).phase, RunPhase::starting);
    EXPECT_TRUE(soon([&] { return find(1).waits == "artifact http://127.0.0.1:1/x"; })) << find(1).waits;
    const pid_t pid = pid_in(file);
    say(NodeTest::command(wire::Verb::stop, 1));
    wait_for(1, RunPhase::never_started);
    EXPECT_TRUE(soon([&] { return !os::read_proc(pid); }));
    die();
    start();
    say(with_artifact(1, "http://127.0.0.1:1/x"));
    wait_for(1, RunPhase::never_started);
}

TEST_F(NodeSetupTest, ADestroyDuringAStepLeavesNothingBehind) {
    const std::string file = dir_ + "/pid";
    fetch_ = program("echo $$ > " + file + "\nsleep 1000 & wait\n");
    die();
    start();
    say(with_artifact(1, "http://127.0.0.1:1/x"));
    ASSERT_TRUE(soon([&] { return pid_in(file) != 0; }));
    say(NodeTest::command(wire::Verb::destroy, 1));
    EXPECT_TRUE(soon([&] { return !process_->agent.inventory().observed(kServer); }));
    EXPECT_FALSE(os::exists(dir_ + "/allocs/a1"));
    EXPECT_FALSE(os::exists(dir_ + "/tasks/a1"));
}

TEST_F(NodeSetupTest, ADriverManagerThatDiesDuringTheSetupBeginsItAgain) {
    const std::string file = dir_ + "/pid";
    fetch_ = program("echo $$ > " + file + "\nsleep 1000 & wait\n");
    die();
    start();
    say(with_artifact(1, source_file("late")));
    ASSERT_TRUE(soon([&] { return pid_in(file) != 0; }));
    die();
    fetch_ = beside_this_program("drover-fetch");
    start();
    EXPECT_TRUE(process_->agent.inventory().observed(kServer)->incarnations.empty());
    say(with_artifact(1, source_file("late")));
    EXPECT_EQ(wait_for(1, RunPhase::running).steps.size(), 2U);
    EXPECT_TRUE(soon_logged("late"));
}

TEST_F(NodeSetupTest, AMissingFetcherIsToldAndTasksWithoutArtifactsRun) {
    fetch_ = "";
    die();
    start();
    say(with_artifact(1, source_file("x")));
    EXPECT_THAT(wait_for(1, RunPhase::start_failed).error, HasSubstr("drover-fetch is not installed"));
    say(shell(2, "sleep 1000"));
    wait_for(2, RunPhase::running);
}

TEST_F(NodeSetupTest, ThePreKillScriptRunsOnceBesideTheTask) {
    wire::TaskCommand command = shell(1, "sleep 1000");
    command.spec.env = {{"GREETING", "bye"}};
    command.spec.pre_kill = wire::Script{"/bin/sh", {"-c", "echo $GREETING ${NOMAD_TASK_NAME} >> said"}, seconds(10)};
    say(command);
    wait_for(1, RunPhase::running);
    EXPECT_FALSE(find(1).pre_kill_done);
    command.pre_kill = true;
    say(command);
    say(command);
    ASSERT_TRUE(soon([&] { return find(1).pre_kill_done; }));
    EXPECT_EQ(find(1).pre_kill_error, "");
    EXPECT_EQ(find(1).phase, RunPhase::running);
    const std::string said = dir_ + "/allocs/a1/server/said";
    EXPECT_EQ(os::read_file(said, 100), "bye server\n");
    die();
    start();
    EXPECT_TRUE(find(1).pre_kill_done) << "what was done is remembered";
    say(command);
    EXPECT_EQ(os::read_file(said, 100), "bye server\n");
}

TEST_F(NodeSetupTest, APreKillScriptThatFailsOrHangsIsOverAllTheSame) {
    wire::TaskCommand command = shell(1, "sleep 1000");
    command.spec.pre_kill = wire::Script{"/bin/sh", {"-c", "sleep 1000"}, milliseconds(100)};
    say(command);
    wait_for(1, RunPhase::running);
    command.pre_kill = true;
    say(command);
    ASSERT_TRUE(soon([&] { return find(1).pre_kill_done; }));
    EXPECT_THAT(find(1).pre_kill_error, HasSubstr("did not end within 100ms"));
    say(NodeTest::command(wire::Verb::stop, 1));
    wait_for(1, RunPhase::exited);
    command.seq = 2;
    command.pre_kill = false;
    command.spec.pre_kill->command = "no-such-script";
    say(command);
    wait_for(2, RunPhase::running);
    command.pre_kill = true;
    say(command);
    ASSERT_TRUE(soon([&] { return find(2).pre_kill_done; }));
    EXPECT_THAT(find(2).pre_kill_error, HasSubstr("cannot find the command no-such-script"));
}

TEST_F(NodeSetupTest, ADriverManagerThatDiesDuringThePreKillScriptRunsItAgain) {
    const std::string file = dir_ + "/pid";
    wire::TaskCommand command = shell(1, "sleep 1000");
    command.spec.pre_kill =
        wire::Script{"/bin/sh", {"-c", "test -e " + file + " || { echo $$ > " + file + "; sleep 1000; }"}, seconds(60)};
    say(command);
    wait_for(1, RunPhase::running);
    command.pre_kill = true;
    say(command);
    ASSERT_TRUE(soon([&] { return pid_in(file) != 0; }));
    die();
    start();
    EXPECT_FALSE(find(1).pre_kill_done);
    say(command);
    EXPECT_TRUE(soon([&] { return find(1).pre_kill_done; }));
    EXPECT_EQ(find(1).pre_kill_error, "");
}

TEST_F(NodeSetupTest, ATaskIsReadyWhenItsProbeSaysSoAlsoAfterARestart) {
    say(shell(1, "sleep 1000"));
    EXPECT_TRUE(wait_for(1, RunPhase::running).ready) << "without a probe, as soon as it runs";
    die();
    start();
    EXPECT_TRUE(find(1).ready);
    wire::TaskCommand probed = shell(1, "while [ ! -e go ]; do sleep 0.02; done; touch local/ready; sleep 1000");
    probed.task = probed.spec.name = "probed";
    probed.spec.ready = wire::ReadyProbe{"local/ready", 0, milliseconds(10)};
    const auto seen = [&] {
        const auto task = process_->agent.inventory().observed({"a1", "probed"});
        return task && !task->incarnations.empty() ? task->incarnations[0] : wire::IncarnationObserved{};
    };
    say(probed);
    ASSERT_TRUE(soon([&] { return seen().phase == RunPhase::running; }));
    EXPECT_FALSE(seen().ready);
    die();
    start();
    EXPECT_FALSE(seen().ready);
    say(probed);
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/allocs/a1/probed/go", "", 0644, os::Durable::no));
    EXPECT_TRUE(soon([&] { return seen().ready; }));
    die();
    start();
    EXPECT_TRUE(seen().ready) << "it has said so once";
}

TEST_F(NodeSetupTest, TheLastWordsOfAFailedProcessAreItsOwn) {
    say(shell(1, "echo first; echo oops >&2; exit 1"));
    EXPECT_EQ(wait_for(1, RunPhase::exited).last_output, "first\noops");
    say(shell(2, "echo second; exit 1"));
    EXPECT_EQ(wait_for(2, RunPhase::exited).last_output, "second");
    say(shell(3, "echo third; exit 0"));
    EXPECT_EQ(wait_for(3, RunPhase::exited).last_output, "");
    die();
    start();
    EXPECT_EQ(find(2).last_output, "second");
}

TEST_F(NodeSetupTest, LastWordsAreReadAlsoWhenNobodyWasThereForTheEnd) {
    say(shell(1, "echo soon gone; while [ ! -e " + dir_ + "/go ]; do sleep 0.02; done; exit 9"));
    const auto pid = static_cast<pid_t>(wait_for(1, RunPhase::running).pid);
    die();
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/go", "", 0644, os::Durable::no));
    ASSERT_TRUE(soon([&] { return !os::read_proc(pid); }));
    start();
    EXPECT_EQ(wait_for(1, RunPhase::exited).last_output, "soon gone");
}

TEST_F(NodeSetupTest, ATaskWhoseDirectoryVanishesRunsOnAndItsNextStartMakesItAnew) {
    wire::TaskCommand command = with_artifact(1, source_file("fetched"));
    command.spec.payload_file = "input";
    command.payload = "handed over";
    say(command);
    const auto before = wait_for(1, RunPhase::running);
    const std::string root = dir_ + "/allocs/a1/server";
    (void)os::remove_tree(root + "/local");
    ASSERT_TRUE(soon([&] { return find(1).directory_gone == root + "/local"; })) << find(1).directory_gone;
    EXPECT_EQ(find(1).phase, RunPhase::running);
    EXPECT_EQ(find(1).pid, before.pid);
    ASSERT_EQ(::rename(root.c_str(), (dir_ + "/elsewhere").c_str()), 0);
    ASSERT_TRUE(soon([&] { return find(1).directory_gone == root; }));
    EXPECT_TRUE(os::read_proc(static_cast<pid_t>(before.pid))) << "it needs nothing of ours to go on";
    (void)allocdir::unmount_secrets(dir_ + "/elsewhere/secrets");

    say(this->command(wire::Verb::stop, 1));
    wait_for(1, RunPhase::exited);
    command.seq = 2;
    command.incarnation = "id2";
    say(command);
    EXPECT_EQ(wait_for(2, RunPhase::running).directory_gone, "");
    EXPECT_EQ(os::read_file(root + "/local/data", 64).value_or(""), "fetched");
    EXPECT_EQ(os::read_file(root + "/local/input", 64).value_or(""), "handed over");
}

TEST_F(NodeSetupTest, ATaskWhoseDirectoryCannotBeMadeAgainFailsItsSetupAndSaysSo) {
    say(shell(1, "exec sleep 1000"));
    wait_for(1, RunPhase::running);
    const std::string root = dir_ + "/allocs/a1/server";
    ASSERT_EQ(::rename(root.c_str(), (dir_ + "/elsewhere").c_str()), 0);
    (void)allocdir::unmount_secrets(dir_ + "/elsewhere/secrets");
    ASSERT_TRUE(os::write_file_atomic(root, "in the way", 0644, os::Durable::no));
    say(command(wire::Verb::stop, 1));
    wait_for(1, RunPhase::exited);
    say(shell(2, "exit 0"));
    const auto failed = wait_for(2, RunPhase::start_failed);
    ASSERT_EQ(failed.steps.size(), 1U);
    EXPECT_THAT(failed.steps[0].error, HasSubstr(root));
    EXPECT_EQ(failed.error, failed.steps[0].error);
}

}  // namespace
}  // namespace drover::driver_manager
