// Commands beside tasks of a real node, asked for by a gateway that the test plays.
#include "driver-manager/shell/session_desk.hpp"

#include <gmock/gmock.h>

#include "driver-manager/shell/node_test.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;
using wire::SessionPhase;

class SessionDeskTest : public NodeTest, public bus::Follower {
   protected:
    void SetUp() override {
        open_desk();
        say(shell(1, "echo $$; exec sleep 1000"));
        wait_for(1, RunPhase::running);
    }
    void TearDown() override { close_desk(); }

    void open_desk() {
        gateway_ = std::make_unique<bus::Exchange>(loop_, *ports_.emplace_back(network_.join()),
                                                   bus::Exchange::Identity{"gw-0", "gateway", "b"});
        gateway_->follow("sessionseen/gw-0", *this);
        node_ = std::make_unique<bus::Exchange>(loop_, *ports_.emplace_back(network_.join()),
                                                bus::Exchange::Identity{"n1", "driver-manager", "b"});
        desk_ = std::make_unique<SessionDesk>(loop_, *node_, process_->hands, desk_limits_, "n1", ++epoch_);
        process_->hands.listen_ends([this](const launcher::RunKey& run) { desk_->run_ended(run); });
        desk_->start();
    }
    void close_desk() {
        process_->hands.listen_ends([](const launcher::RunKey&) {});
        desk_.reset();
        node_.reset();
        gateway_.reset();
        ports_.clear();
        // What is on its way arrives nowhere, while there is still a network.
        loop_.run_until([] { return false; }, milliseconds(200));
    }

    // The gateway's side.
    void on_reset(const std::string&, const std::string&) override {}
    void on_complete(const std::string&, const std::string&) override {}
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        if (record.erased) return;
        const auto seen = wire::decode<wire::SessionObserved>(record.body);
        ASSERT_TRUE(seen);
        if (seen->output_number > seen_[seen->id].output_number) output_ += seen->output;
        seen_[seen->id] = *seen;
    }
    static wire::SessionDesired wanted(const std::string& id, const std::string& script) {
        wire::SessionDesired out;
        out.id = id;
        out.node = "n1";
        out.alloc = kServer.alloc;
        out.task = kServer.task;
        out.command = {"sh", "-c", script};
        out.by = "alice";
        return out;
    }
    void want(const wire::SessionDesired& session) {
        wire::Record record{++number_, "SessionDesired", "n1/" + session.id, false, wire::encode(session)};
        desk_->on_record("gw-0", "session/gw-0", record);
    }
    void withdraw(const std::string& id) {
        desk_->on_record("gw-0", "session/gw-0", {++number_, "SessionDesired", "n1/" + id, true, ""});
    }
    bool soon_ended(const std::string& id) {
        return soon([&] { return seen_[id].phase == SessionPhase::ended; });
    }
    bool soon_runs(const std::string& id) {
        return soon([&] { return seen_[id].phase == SessionPhase::running; });
    }
    std::vector<wire::SessionNote> notes() { return find(1).sessions; }

    SessionDesk::Limits desk_limits_{.program = beside_this_program("drover-session"), .sessions = 2, .idle = hours(8)};
    bus::SimNetwork network_{loop_, 1};
    std::vector<std::unique_ptr<bus::Transport>> ports_;
    std::unique_ptr<bus::Exchange> gateway_, node_;
    std::unique_ptr<SessionDesk> desk_;
    std::uint64_t epoch_ = 0;
    std::uint64_t number_ = 0;
    std::map<std::string, wire::SessionObserved> seen_;
    std::string output_;
};

TEST_F(SessionDeskTest, ACommandIsNotedWhenItBeginsAndWhenItIsOver) {
    want(wanted("s1", "echo hello; exit 7"));
    ASSERT_TRUE(soon([&] { return output_ == "hello\n"; }));
    EXPECT_EQ(seen_["s1"].phase, SessionPhase::running) << "not while its last output was not heard";
    wire::SessionDesired heard = wanted("s1", "echo hello; exit 7");
    heard.heard = 1;
    want(heard);
    ASSERT_TRUE(soon_ended("s1"));
    EXPECT_EQ(seen_["s1"].code, 7);
    ASSERT_TRUE(soon([&] { return notes().size() == 2; }));
    EXPECT_EQ(notes()[0].by, "alice");
    EXPECT_EQ(notes()[0].command, "sh -c 'echo hello; exit 7'");
    EXPECT_TRUE(notes()[1].over);
    EXPECT_EQ(notes()[1].code, 7);
}

TEST_F(SessionDeskTest, WhatDoesNotRunHasNoCommandBesideIt) {
    wire::SessionDesired session = wanted("s1", "true");
    session.task = "other";
    want(session);
    ASSERT_TRUE(soon_ended("s1"));
    EXPECT_THAT(seen_["s1"].error, HasSubstr("task other of alloc a1 does not run now"));
    EXPECT_TRUE(notes().empty());
}

TEST_F(SessionDeskTest, ThereAreNoMoreAtATimeThanTheNodesOwnerWants) {
    want(wanted("s1", "sleep 1000"));
    want(wanted("s2", "sleep 1000"));
    want(wanted("s3", "sleep 1000"));
    ASSERT_TRUE(soon_ended("s3"));
    EXPECT_THAT(seen_["s3"].error, HasSubstr("sessions_max"));
    ASSERT_TRUE(soon_runs("s1"));
    withdraw("s1");
    want(wanted("s4", "sleep 1000"));
    EXPECT_TRUE(soon_runs("s4"));
    ASSERT_TRUE(soon([&] { return notes().size() == 4; }));
    EXPECT_THAT(notes()[2].error, HasSubstr("went away"));
}

TEST_F(SessionDeskTest, OneThatIsSilentForTooLongIsEndedWithASentence) {
    desk_limits_.idle = milliseconds(500);
    close_desk();
    open_desk();
    want(wanted("s1", "sleep 1000"));
    ASSERT_TRUE(soon_ended("s1"));
    EXPECT_THAT(seen_["s1"].error, HasSubstr("session_idle_timeout"));
}

TEST_F(SessionDeskTest, TheEndOfItsTaskIsToldBeforeTheTasksOwn) {
    want(wanted("s1", "sleep 1000"));
    ASSERT_TRUE(soon_runs("s1"));
    say(command(wire::Verb::stop, 1));
    ASSERT_TRUE(soon_ended("s1"));
    EXPECT_EQ(seen_["s1"].error, "the task has ended");
    const auto run = wait_for(1, RunPhase::exited);
    ASSERT_EQ(run.sessions.size(), 2U) << "with the exit, so that it is told before it";
    EXPECT_EQ(run.sessions[1].error, "the task has ended");
}

TEST_F(SessionDeskTest, TheNextDriverManagerTellsTheEndAndRunsNothingAgain) {
    want(wanted("s1", "echo x >> ran; exec sleep 1000"));
    ASSERT_TRUE(soon_runs("s1"));
    const std::string ran = dir_ + "/allocs/a1/server/ran";
    ASSERT_TRUE(soon([&] { return os::read_file(ran, 100).value_or("") == "x\n"; }));
    const auto pid = find(1).pid;
    close_desk();
    die();
    seen_.clear();
    start();
    open_desk();
    EXPECT_EQ(wait_for(1, RunPhase::running).pid, pid);
    ASSERT_EQ(notes().size(), 2U);
    EXPECT_EQ(notes()[1].error, "the driver-manager was restarted");
    want(wanted("s1", "echo x >> ran; exec sleep 1000"));
    ASSERT_TRUE(soon_ended("s1"));
    EXPECT_THAT(seen_["s1"].error, HasSubstr("the driver-manager was restarted"));
    EXPECT_EQ(os::read_file(ran, 100).value_or(""), "x\n");
}

}  // namespace
}  // namespace drover::driver_manager
