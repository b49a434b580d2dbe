#include "driver-manager/shell/agent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/sim_transport.hpp"
#include "driver-manager/shell/beacon.hpp"
#include "driver-manager/shell/fake_hands.hpp"
#include "driver-manager/shell/log_desk.hpp"
#include "rt/sim_loop.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;
using wire::RunPhase;

const TaskKey kTask{"a1", "server"};

// Keeps the newest record of every key of what it follows.
class Listener : public bus::Follower {
   public:
    void on_reset(const std::string&, const std::string& stream) override { records_[stream].clear(); }
    void on_record(const std::string&, const std::string& stream, const wire::Record& record) override {
        if (record.erased)
            records_[stream].erase(record.key);
        else
            records_[stream][record.key] = record.body;
    }
    void on_complete(const std::string&, const std::string& stream) override { ++completed[stream]; }

    template <class T>
    std::optional<T> find(const std::string& stream, const std::string& key) {
        const auto body = records_[stream].find(key);
        if (body == records_[stream].end()) return std::nullopt;
        return wire::decode<T>(body->second).value();
    }

    std::map<std::string, int> completed;

   private:
    std::map<std::string, std::map<std::string, std::string>> records_;
};

// One driver-manager between an alloc-runner and a gateway, on a lossy network.
class AgentTest : public testing::Test {
   protected:
    AgentTest() {
        network_.set_faults({.loss = 0.1, .duplication = 0.1, .delay_max = milliseconds(5)});
        runner_.offer("task/command/n1", commands_);
        runner_.offer("logread/gw-0", questions_);
        runner_.follow("task/observed/", heard_);
        runner_.follow("node", heard_);
        runner_.follow("logchunk/gw-0", heard_);
        start();
    }

    struct Process {
        Process(rt::Loop& loop, bus::SimNetwork& network, Hands& hands, const std::string& boot, std::uint64_t epoch)
            : transport(network.join()),
              exchange(loop, *transport, {"n1", "driver-manager", boot}),
              agent(loop, exchange, hands, "n1", epoch),
              desk(exchange, hands, "n1", epoch) {
            EXPECT_TRUE(agent.start());
            desk.start();
        }
        std::unique_ptr<bus::Transport> transport;
        bus::Exchange exchange;
        Agent agent;
        LogDesk desk;
    };

    void start() {
        ++boots_;
        process_ = std::make_unique<Process>(loop_, network_, hands_, "b" + std::to_string(boots_), boots_);
    }

    void restart() {
        process_.reset();
        start();
    }

    static wire::TaskCommand command(wire::Verb verb, std::uint64_t seq) {
        wire::TaskCommand result;
        result.alloc = kTask.alloc;
        result.task = kTask.task;
        result.term = 1;
        result.verb = verb;
        result.seq = seq;
        result.incarnation = "id" + std::to_string(seq);
        return result;
    }

    void say(const wire::TaskCommand& command) {
        commands_.put(command.alloc + "/" + command.task, "TaskCommand", wire::encode(command));
        runner_.changed("task/command/n1");
    }

    std::optional<wire::TaskObserved> observed() {
        return heard_.find<wire::TaskObserved>("task/observed/n1", "a1/server");
    }

    // "1 running", as the alloc-runner hears it.
    std::string heard() {
        const auto task = observed();
        std::string result;
        if (!task) return "nothing";
        for (const auto& run : task->incarnations)
            result += (result.empty() ? "" : ", ") + std::to_string(run.seq) + " " + std::string(to_string(run.phase));
        return result;
    }

    bool soon(const std::function<bool()>& done) { return loop_.run_until(done, seconds(30)); }
    bool soon_heard(const std::string& what) {
        return soon([&] { return heard() == what; });
    }

    rt::SimLoop loop_;
    bus::SimNetwork network_{loop_, 7};
    bus::KeyedFeed commands_{100};
    bus::KeyedFeed questions_{100};
    std::unique_ptr<bus::Transport> transport_ = network_.join();
    bus::Exchange runner_{loop_, *transport_, {"ar-0", "alloc-runner", "b"}};
    Listener heard_;
    FakeHands hands_;
    std::uint64_t boots_ = 0;
    std::unique_ptr<Process> process_;
};

TEST_F(AgentTest, RunsWhatIsCommandedAndSaysWhatBecomesOfIt) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 starting"));
    hands_.become(kTask, 1, RunPhase::running, 4711);
    ASSERT_TRUE(soon_heard("1 running"));
    EXPECT_EQ(observed()->incarnations[0].pid, 4711);
    hands_.become(kTask, 1, RunPhase::exited);
    ASSERT_TRUE(soon_heard("1 exited"));
    EXPECT_EQ(hands_.launches, 1);
}

TEST_F(AgentTest, AnEmptyNodeSaysThatItIsEmpty) {
    EXPECT_TRUE(soon([&] { return heard_.completed["task/observed/n1"] > 0; }));
}

TEST_F(AgentTest, KeepsTasksThroughItsOwnDeathAndHearsTheirEnd) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 starting"));
    hands_.become(kTask, 1, RunPhase::running, 4711);
    ASSERT_TRUE(soon_heard("1 running"));
    restart();
    loop_.run_for(seconds(5));
    EXPECT_EQ(heard(), "1 running");
    EXPECT_EQ(hands_.stops, 0);
    hands_.become(kTask, 1, RunPhase::exited);
    ASSERT_TRUE(soon_heard("1 exited"));
    EXPECT_EQ(hands_.launches, 1);
}

TEST_F(AgentTest, NeverStopsATaskBecauseNobodyCommands) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 starting"));
    hands_.become(kTask, 1, RunPhase::running);
    commands_.erase("a1/server");
    runner_.changed("task/command/n1");
    loop_.run_for(minutes(10));
    restart();
    loop_.run_for(minutes(10));
    EXPECT_EQ(heard(), "1 running");
    EXPECT_EQ(hands_.stops, 0);
}

TEST_F(AgentTest, StopsReleasesAndDestroys) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 starting"));
    hands_.become(kTask, 1, RunPhase::running);
    say(command(wire::Verb::stop, 1));
    ASSERT_TRUE(soon_heard("1 exited"));
    EXPECT_EQ(observed()->floor, 1u);
    wire::TaskCommand released = command(wire::Verb::stop, 1);
    released.released = 1;
    say(released);
    ASSERT_TRUE(soon_heard(""));
    say(command(wire::Verb::destroy, 1));
    ASSERT_TRUE(soon_heard("nothing"));
    EXPECT_FALSE(hands_.has_files(kTask));
}

TEST_F(AgentTest, AStoppedTaskStaysStoppedWhenTheDriverManagerForgetsEverything) {
    say(command(wire::Verb::stop, 1));
    ASSERT_TRUE(soon_heard("1 never_started"));
    restart();
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon([&] { return process_->agent.counters().commands > 0; }));
    ASSERT_TRUE(soon_heard("1 never_started"));
    EXPECT_EQ(hands_.launches, 0);
}

TEST_F(AgentTest, AnOwnerThatWasCutOffIsNotObeyedByTheNextDriverManagerEither) {
    wire::TaskCommand newer = command(wire::Verb::stop, 1);
    newer.term = 5;
    say(newer);
    ASSERT_TRUE(soon_heard("1 never_started"));
    restart();
    wire::TaskCommand older = command(wire::Verb::run, 2);
    older.term = 4;
    say(older);
    ASSERT_TRUE(soon([&] { return process_->agent.counters().refused > 0; }));
    EXPECT_EQ(hands_.launches, 0);
}

TEST_F(AgentTest, AFailedStartIsReportedAndStaysFailedAfterARestart) {
    hands_.launch_error = "no such command";
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 start_failed"));
    EXPECT_EQ(observed()->incarnations[0].error, "no such command");
    EXPECT_TRUE(observed()->incarnations[0].recoverable);
    hands_.launch_error.clear();
    restart();
    ASSERT_TRUE(soon_heard("1 never_started"));
    EXPECT_EQ(hands_.launches, 0);
    say(command(wire::Verb::run, 2));
    ASSERT_TRUE(soon_heard("1 never_started, 2 starting"));
}

TEST_F(AgentTest, SaysNothingThatItCouldNotWriteDown) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 starting"));
    hands_.become(kTask, 1, RunPhase::running);
    ASSERT_TRUE(soon_heard("1 running"));
    hands_.disk_full = true;
    say(command(wire::Verb::stop, 1));
    // The stop itself does not wait for the disk.
    ASSERT_TRUE(soon([&] { return hands_.stops == 1; }));
    loop_.run_for(seconds(10));
    EXPECT_EQ(heard(), "1 running");
    hands_.disk_full = false;
    ASSERT_TRUE(soon_heard("1 exited"));
    EXPECT_EQ(observed()->floor, 1u);
}

TEST_F(AgentTest, ACrowdIsStoppedAtOnceAndWrittenDownTogether) {
    constexpr int kCrowd = 50;
    network_.set_faults({});
    const auto all = [&](wire::Verb verb) {
        for (int i = 0; i < kCrowd; ++i) {
            wire::TaskCommand one = command(verb, 1);
            one.alloc = "c" + std::to_string(i);
            say(one);
        }
    };
    const auto count = [&](RunPhase phase) {
        int n = 0;
        for (int i = 0; i < kCrowd; ++i) {
            const auto task = heard_.find<wire::TaskObserved>("task/observed/n1", "c" + std::to_string(i) + "/server");
            n += task && task->incarnations.size() == 1 && task->incarnations[0].phase == phase ? 1 : 0;
        }
        return n;
    };
    all(wire::Verb::run);
    ASSERT_TRUE(soon([&] { return count(RunPhase::starting) == kCrowd; }));
    for (int i = 0; i < kCrowd; ++i) hands_.become({"c" + std::to_string(i), "server"}, 1, RunPhase::running);
    all(wire::Verb::stop);
    ASSERT_TRUE(soon([&] { return count(RunPhase::exited) == kCrowd; }));
    EXPECT_EQ(hands_.stops, kCrowd);
    EXPECT_LE(hands_.syncs, 2);
    restart();
    const auto found = hands_.adopt();
    ASSERT_TRUE(found);
    for (const Found& task : *found) EXPECT_EQ(task.floor, 1u);
}

TEST_F(AgentTest, AStopOvertakesALaunchThatWaitsForTheDisk) {
    hands_.launch_error = "no such command";
    hands_.disk_full = true;
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon([&] { return process_->agent.counters().commands == 1; }));
    say(command(wire::Verb::stop, 1));
    ASSERT_TRUE(soon([&] { return process_->agent.counters().commands == 2; }));
    hands_.launch_error.clear();
    hands_.disk_full = false;
    ASSERT_TRUE(soon_heard("1 never_started"));
    EXPECT_EQ(hands_.launches, 0);
}

TEST_F(AgentTest, ASignalWithoutSuchANameIsReportedAsFailed) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 starting"));
    hands_.become(kTask, 1, RunPhase::running);
    wire::TaskCommand asked = command(wire::Verb::run, 1);
    asked.signals = {{.id = 1, .task = "server", .signal = "SIGHUP"}, {.id = 2, .task = "server", .signal = "SIGNOPE"}};
    say(asked);
    ASSERT_TRUE(soon([&] { return observed() && observed()->incarnations[0].signals_applied == 2; }));
    EXPECT_THAT(observed()->incarnations[0].signal_error, HasSubstr("SIGNOPE"));
}

TEST_F(AgentTest, RefusesAndCountsWhatIsNoCommand) {
    commands_.put("a1/server", "TaskCommand", "\xc1 rubbish");
    commands_.put("a2/server", "Surprise", wire::encode(command(wire::Verb::run, 1)));
    commands_.put("a3/server", "TaskCommand", wire::encode(command(wire::Verb::run, 1)));
    runner_.changed("task/command/n1");
    ASSERT_TRUE(soon([&] { return process_->agent.counters().refused == 3; }));
    EXPECT_EQ(process_->agent.counters().commands, 0u);
    EXPECT_EQ(hands_.launches, 0);
}

TEST_F(AgentTest, ThatIsToEndItsTasksStartsNoneAnyMore) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon([&] { return hands_.launches == 1; }));
    process_->agent.end_all();
    EXPECT_EQ(hands_.stops, 1);
    say(command(wire::Verb::run, 2));
    EXPECT_FALSE(soon([&] { return hands_.launches == 2; }));
}

TEST_F(AgentTest, AnswersAQuestionAboutALogUntilItIsWithdrawn) {
    hands_.logs["server"] = "hello world";
    wire::LogRead read;
    read.id = "q1";
    read.node = "n1";
    read.alloc = "a1";
    read.task = "server";
    read.stream = "stdout";
    read.offset = 6;
    questions_.put("n1/q1", "LogRead", wire::encode(read));
    questions_.put("n2/q9", "LogRead", wire::encode(read));
    runner_.changed("logread/gw-0");
    const auto chunk = [&] { return heard_.find<wire::LogChunk>("logchunk/gw-0", "q1"); };
    ASSERT_TRUE(soon([&] { return chunk().has_value(); }));
    EXPECT_EQ(chunk()->data, "world");
    EXPECT_EQ(chunk()->end, 11u);
    restart();
    loop_.run_for(seconds(5));
    ASSERT_TRUE(soon([&] { return chunk().has_value(); }));
    questions_.erase("n1/q1");
    runner_.changed("logread/gw-0");
    EXPECT_TRUE(soon([&] { return !chunk().has_value(); }));
}

TEST_F(AgentTest, ALogThatIsNotThereIsAnAnswerToo) {
    wire::LogRead read;
    read.id = "q1";
    read.task = "proxy";
    questions_.put("n1/q1", "LogRead", wire::encode(read));
    runner_.changed("logread/gw-0");
    ASSERT_TRUE(soon([&] { return heard_.find<wire::LogChunk>("logchunk/gw-0", "q1").has_value(); }));
    EXPECT_THAT(heard_.find<wire::LogChunk>("logchunk/gw-0", "q1")->error, HasSubstr("no log of task proxy"));
}

TEST_F(AgentTest, ANodeIsDescribedAgainWhenItHasChanged) {
    double cores = 2;
    Beacon beacon(loop_, process_->exchange, 9, seconds(10), [&] {
        wire::NodeObserved node;
        node.id = "n1";
        node.cpu = cores;
        return node;
    });
    beacon.look_now();
    const auto cpu = [&] {
        const auto node = heard_.find<wire::NodeObserved>("node", "n1");
        return node ? node->cpu : 0;
    };
    ASSERT_TRUE(soon([&] { return cpu() == 2; }));
    cores = 4;
    EXPECT_TRUE(soon([&] { return cpu() == 4; }));
}

TEST_F(AgentTest, NewsOfANodeThatComeTogetherAreLookedAtOnce) {
    int looks = 0;
    Beacon beacon(loop_, process_->exchange, 9, seconds(30), [&] {
        wire::NodeObserved node;
        node.id = "n1";
        node.cpu = ++looks;
        return node;
    });
    const int before = looks;
    for (int i = 0; i < 5; ++i) beacon.look_soon();
    EXPECT_EQ(looks, before) << "others may follow";
    EXPECT_TRUE(soon([&] { return looks == before + 1; }));
    loop_.run_until([] { return false; }, seconds(5));
    EXPECT_EQ(looks, before + 1);
    beacon.look_soon();
    EXPECT_TRUE(soon([&] { return looks == before + 2; }));
}

TEST_F(AgentTest, GivesBackWhatATaskHasReservedOnceItHasEndedForGood) {
    say(command(wire::Verb::run, 1));
    ASSERT_TRUE(soon_heard("1 starting"));
    hands_.become(kTask, 1, RunPhase::running);
    hands_.become(kTask, 1, RunPhase::exited);
    ASSERT_TRUE(soon_heard("1 exited"));
    wire::TaskCommand wait = command(wire::Verb::stop, 1);
    wait.keep_place = true;
    say(wait);
    ASSERT_TRUE(soon([&] { return process_->agent.counters().commands >= 2; }));
    EXPECT_FALSE(hands_.given_back.contains(kTask)) << "it waits to run again";
    say(command(wire::Verb::stop, 1));
    EXPECT_TRUE(soon([&] { return hands_.given_back.contains(kTask); }));
}

TEST_F(AgentTest, SaysWhatBecomesOfTemplatesAndPassesOnWhatMayAct) {
    wire::TaskCommand asked = command(wire::Verb::run, 1);
    asked.spec.templates.emplace_back();
    asked.rendered = 3;
    say(asked);
    ASSERT_TRUE(soon_heard("1 starting"));
    EXPECT_EQ(hands_.rendered, 3u);
    wire::RenderObserved now;
    now.number = 4;
    now.what = "template local/a";
    hands_.render(kTask, now);
    ASSERT_TRUE(soon([&] { return observed()->render == now; }));
    say(command(wire::Verb::destroy, 1));
    ASSERT_TRUE(soon([&] { return heard() == "1 exited" || heard() == "nothing"; }));
}

}  // namespace
}  // namespace drover::driver_manager
