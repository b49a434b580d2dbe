#include "driver-manager/core/inventory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/core/phases.hpp"

namespace drover::driver_manager {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using wire::RunPhase;
using Kind = Action::Kind;

const TaskKey kServer{"a1", "server"};

wire::TaskCommand command(wire::Verb verb, std::uint64_t seq) {
    wire::TaskCommand result;
    result.alloc = kServer.alloc;
    result.task = kServer.task;
    result.term = 0;  // no fence to set
    result.verb = verb;
    result.seq = seq;
    result.incarnation = "id" + std::to_string(seq);
    result.kill_signal = "SIGINT";
    result.kill_timeout = seconds(5);
    return result;
}

wire::TaskCommand run(std::uint64_t seq) { return command(wire::Verb::run, seq); }
wire::TaskCommand stop(std::uint64_t seq) { return command(wire::Verb::stop, seq); }
wire::TaskCommand destroy(std::uint64_t seq) { return command(wire::Verb::destroy, seq); }

wire::IncarnationObserved state(std::uint64_t seq, RunPhase phase) {
    wire::IncarnationObserved result;
    result.seq = seq;
    result.id = "id" + std::to_string(seq);
    result.phase = phase;
    return result;
}

// "launch 1", "set_floor 2": what the tests compare.
std::vector<std::string> words(const Decision& decision) {
    static constexpr const char* kWords[] = {"launch",    "stop",    "signal",   "release", "set_floor",
                                             "set_fence", "destroy", "pre_kill", "probe",   "recall"};
    std::vector<std::string> result;
    for (const Action& action : decision.actions)
        result.push_back(kWords[static_cast<int>(action.kind)] + std::string(" ") + std::to_string(action.seq));
    return result;
}

// "1 running": the incarnations of the task as observed.
std::vector<std::string> seen(const Inventory& inventory, const TaskKey& key = kServer) {
    std::vector<std::string> result;
    const auto observed = inventory.observed(key);
    if (!observed) return {"nothing"};
    for (const auto& incarnation : observed->incarnations)
        result.push_back(std::to_string(incarnation.seq) + " " + std::string(to_string(incarnation.phase)));
    return result;
}

TEST(Inventory, LaunchesAnIncarnationOnceHoweverOftenItIsAskedFor) {
    Inventory inventory;
    const Decision first = inventory.command(run(1));
    EXPECT_THAT(words(first), ElementsAre("launch 1"));
    EXPECT_EQ(first.actions[0].id, "id1");
    EXPECT_THAT(first.changed, ElementsAre(kServer));
    const Decision again = inventory.command(run(1));
    EXPECT_THAT(again.actions, IsEmpty());
    EXPECT_THAT(again.changed, IsEmpty());
    inventory.report(kServer, state(1, RunPhase::exited));
    EXPECT_THAT(inventory.command(run(1)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), ElementsAre("1 exited"));
}

TEST(Inventory, RefusesACommandOfAnOlderTermAndChangesNothing) {
    Inventory inventory;
    wire::TaskCommand owner = run(1);
    owner.term = 7;
    inventory.command(owner);
    const auto before = inventory.observed(kServer);
    wire::TaskCommand stale = stop(1);
    stale.term = 6;
    const Decision decision = inventory.command(stale);
    EXPECT_THAT(decision.refused, HasSubstr("under term 7"));
    EXPECT_THAT(decision.actions, IsEmpty());
    EXPECT_THAT(decision.changed, IsEmpty());
    EXPECT_EQ(inventory.observed(kServer), before);
    EXPECT_EQ(inventory.standing(kServer)->verb, wire::Verb::run);
}

TEST(Inventory, FencesEveryTaskOfAnAllocByOneTerm) {
    Inventory inventory;
    inventory.command(run(1));
    wire::TaskCommand sibling = run(1);
    sibling.task = "proxy";
    sibling.term = 3;
    EXPECT_THAT(inventory.command(sibling).changed, ElementsAre(kServer, TaskKey{"a1", "proxy"}));
    EXPECT_EQ(inventory.observed(kServer)->term, 3u);
    EXPECT_THAT(inventory.command(stop(1)).refused, HasSubstr("term"));
}

TEST(Inventory, MakesANewTermDurableBeforeItDoesAnythingUnderIt) {
    Inventory inventory;
    wire::TaskCommand owner = run(1);
    owner.term = 7;
    EXPECT_THAT(words(inventory.command(owner)), ElementsAre("set_fence 7", "launch 1"));
    EXPECT_THAT(words(inventory.command(owner)), IsEmpty());
    wire::TaskCommand other = owner;
    other.alloc = "a2";
    EXPECT_THAT(words(inventory.command(other)), ElementsAre("set_fence 7", "launch 1"))
        << "the first attempt to write it down may have failed";
}

TEST(Inventory, RefusesAnOldTermThatOnlyItsPredecessorHadHeardOf) {
    Inventory inventory;
    inventory.adopt(7);
    wire::TaskCommand stale = run(1);
    stale.term = 6;
    EXPECT_THAT(inventory.command(stale).refused, HasSubstr("under term 7"));
    stale.term = 7;
    EXPECT_THAT(inventory.command(stale).refused, IsEmpty());
}

TEST(Inventory, StopMakesTheFloorDurableBeforeItStopsAnything) {
    Inventory inventory;
    inventory.command(run(1));
    inventory.report(kServer, state(1, RunPhase::running));
    const Decision decision = inventory.command(stop(1));
    EXPECT_THAT(words(decision), ElementsAre("set_floor 1", "stop 1"));
    EXPECT_EQ(decision.actions[1].signal, "SIGINT");
    EXPECT_EQ(decision.actions[1].timeout, seconds(5));
    EXPECT_EQ(inventory.observed(kServer)->floor, 1u);
    EXPECT_THAT(inventory.command(stop(1)).actions, IsEmpty());
    inventory.report(kServer, state(1, RunPhase::exited));
    EXPECT_THAT(seen(inventory), ElementsAre("1 exited"));
}

TEST(Inventory, AStoppedIncarnationThatNeverStartedNeverStarts) {
    Inventory inventory;
    EXPECT_THAT(words(inventory.command(stop(2))), ElementsAre("set_floor 2"));
    EXPECT_THAT(seen(inventory), ElementsAre("2 never_started"));
    EXPECT_EQ(inventory.observed(kServer)->incarnations[0].id, "id2");
    EXPECT_THAT(inventory.command(run(2)).actions, IsEmpty());
    EXPECT_THAT(inventory.command(run(1)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), ElementsAre("1 never_started", "2 never_started"));
    EXPECT_THAT(words(inventory.command(run(3))), ElementsAre("launch 3"));
}

TEST(Inventory, AFloorFromBeforeTheRestartHolds) {
    Inventory inventory;
    inventory.adopt(kServer, 4, {});
    EXPECT_THAT(inventory.command(run(4)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), ElementsAre("4 never_started"));
    EXPECT_EQ(inventory.observed(kServer)->floor, 4u);
}

TEST(Inventory, StartsTheNextIncarnationOnlyWhenTheLiveOneHasEnded) {
    Inventory inventory;
    inventory.command(run(1));
    inventory.report(kServer, state(1, RunPhase::running));
    EXPECT_THAT(inventory.command(run(2)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), ElementsAre("1 running"));
    EXPECT_THAT(words(inventory.report(kServer, state(1, RunPhase::exited))), ElementsAre("launch 2"));
    EXPECT_THAT(seen(inventory), ElementsAre("1 exited", "2 starting"));
}

TEST(Inventory, AnOlderIncarnationIsNotStartedAfterANewer) {
    Inventory inventory;
    inventory.command(run(2));
    inventory.report(kServer, state(2, RunPhase::exited));
    EXPECT_THAT(inventory.command(run(1)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), ElementsAre("1 never_started", "2 exited"));
}

TEST(Inventory, KeepsAnEndUntilItIsReleased) {
    Inventory inventory;
    inventory.command(run(1));
    inventory.report(kServer, state(1, RunPhase::exited));
    inventory.command(run(2));
    EXPECT_THAT(seen(inventory), ElementsAre("1 exited", "2 starting"));
    wire::TaskCommand released = run(2);
    released.released = 1;
    EXPECT_THAT(words(inventory.command(released)), ElementsAre("set_floor 1", "release 1"));
    EXPECT_THAT(seen(inventory), ElementsAre("2 starting"));
    EXPECT_THAT(inventory.command(released).actions, IsEmpty());
}

TEST(Inventory, AReleasedIncarnationNeitherStartsAgainNorIsSpokenOf) {
    Inventory inventory;
    inventory.command(run(1));
    inventory.report(kServer, state(1, RunPhase::exited));
    wire::TaskCommand done = run(1);
    done.released = 1;
    EXPECT_THAT(words(inventory.command(done)), ElementsAre("set_floor 1", "release 1"));
    EXPECT_THAT(inventory.command(done).actions, IsEmpty());
    EXPECT_THAT(inventory.command(run(1)).actions, IsEmpty());
    EXPECT_THAT(inventory.command(stop(1)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), IsEmpty());
}

TEST(Inventory, ALiveIncarnationIsNotReleased) {
    Inventory inventory;
    inventory.command(run(1));
    wire::TaskCommand eager = run(1);
    eager.released = 1;
    EXPECT_THAT(words(inventory.command(eager)), ElementsAre("set_floor 1"));
    EXPECT_THAT(seen(inventory), ElementsAre("1 starting"));
    EXPECT_THAT(words(inventory.report(kServer, state(1, RunPhase::exited))), ElementsAre("release 1"));
}

TEST(Inventory, DeliversASignalOnceAndOnlyToARunningTask) {
    Inventory inventory;
    wire::TaskCommand asked = run(1);
    asked.signals = {{.id = 5, .task = "server", .signal = "SIGHUP"}, {.id = 4, .task = "server", .signal = "SIGUSR1"}};
    EXPECT_THAT(words(inventory.command(asked)), ElementsAre("launch 1"));
    const Decision running = inventory.report(kServer, state(1, RunPhase::running));
    ASSERT_THAT(words(running), ElementsAre("signal 1", "signal 1"));
    EXPECT_EQ(running.actions[0].order, 4u);
    EXPECT_EQ(running.actions[1].order, 5u);
    EXPECT_EQ(running.actions[1].signal, "SIGHUP");
    EXPECT_THAT(inventory.command(asked).actions, IsEmpty());
    wire::IncarnationObserved applied = state(1, RunPhase::running);
    applied.signals_applied = 5;
    EXPECT_THAT(inventory.report(kServer, applied).changed, ElementsAre(kServer));
    EXPECT_THAT(inventory.command(asked).actions, IsEmpty());
}

TEST(Inventory, ASignalAppliedBeforeTheRestartIsNotDeliveredAgain) {
    Inventory inventory;
    wire::IncarnationObserved live = state(1, RunPhase::running);
    live.signals_applied = 4;
    inventory.adopt(kServer, 0, {live});
    wire::TaskCommand asked = run(1);
    asked.signals = {{.id = 4, .task = "server", .signal = "SIGHUP"}, {.id = 5, .task = "server", .signal = "SIGHUP"}};
    const Decision decision = inventory.command(asked);
    ASSERT_THAT(words(decision), ElementsAre("signal 1"));
    EXPECT_EQ(decision.actions[0].order, 5u);
}

TEST(Inventory, ARestartedDriverManagerComesToTheSameObservedState) {
    Inventory before;
    before.command(run(1));
    before.report(kServer, state(1, RunPhase::exited));
    before.command(run(2));
    before.report(kServer, state(2, RunPhase::running));
    Inventory after;
    after.adopt(kServer, 0, before.observed(kServer)->incarnations);
    EXPECT_THAT(seen(after), ElementsAre("1 exited", "2 running"));
    EXPECT_THAT(after.command(run(2)).actions, IsEmpty());
    EXPECT_EQ(after.observed(kServer), before.observed(kServer));
}

TEST(Inventory, ARestartedDriverManagerStopsWhatShouldStop) {
    Inventory inventory;
    inventory.adopt(kServer, 1, {state(1, RunPhase::running)});
    EXPECT_THAT(words(inventory.command(stop(1))), ElementsAre("stop 1"));
}

TEST(Inventory, AbsenceOfCommandsStopsNothing) {
    Inventory inventory;
    inventory.adopt(kServer, 0, {state(1, RunPhase::running)});
    EXPECT_THAT(inventory.report(kServer, state(1, RunPhase::running)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), ElementsAre("1 running"));
    EXPECT_EQ(inventory.standing(kServer), nullptr);
}

TEST(Inventory, DestroyStopsThenForgetsThenRemovesTheDirectories) {
    Inventory inventory;
    inventory.command(run(1));
    inventory.report(kServer, state(1, RunPhase::running));
    EXPECT_THAT(words(inventory.command(destroy(1))), ElementsAre("set_floor 1", "stop 1"));
    EXPECT_THAT(inventory.command(destroy(1)).actions, IsEmpty());
    const Decision end = inventory.report(kServer, state(1, RunPhase::exited));
    EXPECT_THAT(words(end), ElementsAre("release 1", "destroy 0"));
    EXPECT_THAT(end.changed, ElementsAre(kServer));
    EXPECT_THAT(seen(inventory), ElementsAre("nothing"));
    EXPECT_THAT(inventory.command(destroy(1)).actions, IsEmpty());
    EXPECT_THAT(inventory.command(run(1)).actions, IsEmpty());
    EXPECT_THAT(inventory.tasks(), IsEmpty());
}

TEST(Inventory, NamesThoseThatRunAndWhatTheyAreToDo) {
    Inventory inventory;
    inventory.adopt(kServer, 0, {state(3, RunPhase::running)});
    std::vector<std::string> running;
    const auto look = [&] {
        running.clear();
        inventory.each_running([&](const TaskKey& key, const wire::TaskCommand& command, const auto& one) {
            EXPECT_EQ(command.task, key.task);
            running.push_back(key.task + " " + std::to_string(one.seq));
        });
        return running;
    };
    EXPECT_THAT(look(), IsEmpty()) << "whose task it is is not known yet";
    (void)inventory.command(run(3));
    EXPECT_THAT(look(), ElementsAre(kServer.task + " 3"));
    (void)inventory.report(kServer, state(3, RunPhase::exited));
    EXPECT_THAT(look(), IsEmpty());
}

TEST(Inventory, DestroyEndsAlsoWhatIsNewerThanItNames) {
    Inventory inventory;
    inventory.adopt(kServer, 0, {state(3, RunPhase::running)});
    EXPECT_THAT(words(inventory.command(destroy(1))), ElementsAre("set_floor 3", "stop 3"));
}

TEST(Inventory, ARecallAsksWhatTheNewestRunWasPlacedAsAndChangesNothingElse) {
    Inventory inventory;
    wire::TaskCommand question = command(wire::Verb::recall, 0);
    EXPECT_THAT(words(inventory.command(question)), IsEmpty()) << "of nothing there is nothing to say";
    EXPECT_FALSE(inventory.observed(kServer));
    inventory.adopt(kServer, 1, {state(2, RunPhase::exited), state(3, RunPhase::running)});
    EXPECT_THAT(words(inventory.command(question)), ElementsAre("recall 3"));
    EXPECT_EQ(inventory.standing(kServer), nullptr);
    EXPECT_THAT(inventory.recalled(kServer, "placed").changed, ElementsAre(kServer));
    EXPECT_TRUE(inventory.observed(kServer)->recalled);
    EXPECT_EQ(inventory.observed(kServer)->placed, "placed");
    EXPECT_THAT(words(inventory.command(question)), IsEmpty()) << "it was answered";
    inventory.command(run(3));
    EXPECT_FALSE(inventory.observed(kServer)->recalled) << "whoever commands it knows";
}

TEST(Inventory, WhoHasAskedWhatATaskWasPlacedAsIsNotOvertakenByALateCommandOfAnEarlierTerm) {
    Inventory inventory;
    inventory.adopt(kServer, 1, {state(3, RunPhase::running)});
    wire::TaskCommand question = command(wire::Verb::recall, 0);
    question.term = 4;
    EXPECT_THAT(words(inventory.command(question)), ElementsAre("recall 3"));
    inventory.recalled(kServer, "placed");
    wire::TaskCommand late = run(3);
    late.term = 3;
    EXPECT_THAT(inventory.command(late).refused, HasSubstr("is of term 3"));
    EXPECT_EQ(inventory.observed(kServer)->placed, "placed");
    wire::TaskCommand asked_before = question;
    asked_before.term = 3;
    EXPECT_THAT(inventory.command(asked_before).refused, HasSubstr("is of term 3"));
}

TEST(Inventory, ARecallOfATaskWithoutARunIsAnsweredWithNothing) {
    Inventory inventory;
    inventory.adopt(kServer, 1, {});
    EXPECT_THAT(inventory.command(command(wire::Verb::recall, 0)).changed, ElementsAre(kServer));
    EXPECT_TRUE(inventory.observed(kServer)->recalled);
    EXPECT_EQ(inventory.observed(kServer)->placed, "");
}

TEST(Inventory, DestroyOfAnUnknownTaskRemovesItsDirectoriesOnce) {
    Inventory inventory;
    EXPECT_THAT(words(inventory.command(destroy(2))), ElementsAre("set_floor 2", "destroy 0"));
    EXPECT_THAT(inventory.command(destroy(2)).actions, IsEmpty());
    EXPECT_THAT(inventory.command(run(2)).actions, IsEmpty());
    EXPECT_THAT(seen(inventory), ElementsAre("nothing"));
    EXPECT_THAT(words(inventory.command(run(3))), ElementsAre("launch 3"));
}

TEST(Inventory, RefusesStartsWhileTooManyEndsAreUnrecorded) {
    Inventory inventory;
    const std::uint64_t limit = Inventory::kMaxEnded;
    for (std::uint64_t seq = 1; seq <= limit; ++seq) {
        EXPECT_THAT(words(inventory.command(run(seq))), ElementsAre("launch " + std::to_string(seq)));
        inventory.report(kServer, state(seq, RunPhase::exited));
    }
    for (std::uint64_t seq = limit + 1; seq < limit + 100; ++seq) {
        EXPECT_THAT(words(inventory.command(run(seq))), ElementsAre("set_floor " + std::to_string(seq)));
        const auto observed = inventory.observed(kServer);
        EXPECT_EQ(observed->incarnations.size(), limit + 1);
        EXPECT_EQ(observed->incarnations.back().seq, seq);
        EXPECT_EQ(observed->incarnations.back().phase, RunPhase::start_failed);
        EXPECT_TRUE(observed->incarnations.back().recoverable);
        EXPECT_THAT(observed->incarnations.back().error, HasSubstr("not yet recorded"));
    }
    wire::TaskCommand next = run(limit + 100);
    next.released = limit + 99;
    const Decision decision = inventory.command(next);
    EXPECT_EQ(words(decision).back(), "launch " + std::to_string(limit + 100));
    EXPECT_EQ(decision.actions.size(), limit + 1);
}

TEST(Inventory, RefusesNamesThatCouldLeaveTheirDirectory) {
    Inventory inventory;
    for (const std::string& name :
         {std::string(), std::string(".."), std::string("a/b"), std::string(".trash"), std::string("a\0b", 3)}) {
        wire::TaskCommand bad = run(1);
        bad.task = name;
        EXPECT_THAT(inventory.command(bad).refused, HasSubstr("directory"));
    }
    EXPECT_THAT(inventory.command(run(0)).refused, HasSubstr("no incarnation"));
    EXPECT_THAT(inventory.tasks(), IsEmpty());
}

TEST(Inventory, KeepsSentencesShortEnoughForOneMessage) {
    Inventory inventory;
    inventory.command(run(1));
    wire::IncarnationObserved failed = state(1, RunPhase::start_failed);
    failed.error = std::string(399, 'x') + std::string(1000, '\xc3') + "\xa9";
    inventory.report(kServer, failed);
    EXPECT_LE(inventory.observed(kServer)->incarnations[0].error.size(), 400u);
}

TEST(Inventory, ForgetsTheOldestOfTooManyDestroyedTasks) {
    Inventory inventory;
    for (std::size_t i = 0; i <= Inventory::kMaxDestroyed; ++i) {
        wire::TaskCommand gone = destroy(1);
        gone.alloc = "a" + std::to_string(i);
        inventory.command(gone);
    }
    EXPECT_FALSE(inventory.knows({"a0", "server"}));
    EXPECT_TRUE(inventory.knows({"a1", "server"}));
}

TEST(Phases, OnlyDeclaredTransitionsAreAccepted) {
    constexpr RunPhase kAll[] = {RunPhase::starting, RunPhase::running, RunPhase::exited, RunPhase::start_failed,
                                 RunPhase::never_started};
    for (const RunPhase from : kAll) {
        for (const RunPhase to : kAll) {
            Inventory inventory;
            inventory.adopt(kServer, 0, {state(1, from)});
            const Decision decision = inventory.report(kServer, state(1, to));
            const bool repeated = from == to && is_live(from);
            EXPECT_EQ(decision.refused.empty(), repeated || may_follow(from, to)) << decision.refused;
            EXPECT_EQ(decision.changed.empty(), !may_follow(from, to));
        }
    }
}

TEST(Phases, NothingFollowsAnEnd) {
    for (const PhaseEdge& edge : kPhaseEdges) {
        EXPECT_TRUE(is_live(edge.from));
        EXPECT_NE(edge.to, RunPhase::starting);
    }
}

TEST(Inventory, IgnoresReportsAboutWhatItDoesNotKnow) {
    Inventory inventory;
    EXPECT_THAT(inventory.report(kServer, state(1, RunPhase::running)).refused, HasSubstr("not known"));
    EXPECT_THAT(seen(inventory), ElementsAre("nothing"));
}

TEST(Inventory, ATaskWithoutAProbeIsReadyAsSoonAsItRuns) {
    Inventory inventory;
    inventory.command(run(1));
    EXPECT_THAT(inventory.report(kServer, state(1, RunPhase::running)).actions, IsEmpty());
    EXPECT_TRUE(inventory.observed(kServer)->incarnations[0].ready);
}

TEST(Inventory, ARunningTaskIsProbedOnceAndAgainAfterARestartUntilItIsReady) {
    wire::TaskCommand probed = run(1);
    probed.spec.ready = wire::ReadyProbe{"ready", 0, {}};
    Inventory inventory;
    EXPECT_THAT(words(inventory.command(probed)), ElementsAre("launch 1"));
    EXPECT_THAT(words(inventory.report(kServer, state(1, RunPhase::running))), ElementsAre("probe 1"));
    EXPECT_THAT(inventory.command(probed).actions, IsEmpty());
    EXPECT_FALSE(inventory.observed(kServer)->incarnations[0].ready);
    Inventory next;
    next.adopt(kServer, 0, {state(1, RunPhase::running)});
    EXPECT_THAT(words(next.command(probed)), ElementsAre("probe 1"));
    wire::IncarnationObserved ready = state(1, RunPhase::running);
    ready.ready = true;
    EXPECT_THAT(next.report(kServer, ready).changed, ElementsAre(kServer));
    next.report(kServer, state(1, RunPhase::exited));
    EXPECT_TRUE(next.observed(kServer)->incarnations[0].ready) << "once is for ever";
}

TEST(Inventory, ThePreKillScriptIsAskedForOnceAndNobodyWaitsForOneThatThereIsNot) {
    wire::TaskCommand wanted = run(1);
    wanted.spec.pre_kill = wire::Script{"drain", {}, {}};
    Inventory inventory;
    inventory.command(wanted);
    inventory.report(kServer, state(1, RunPhase::running));
    wanted.pre_kill = true;
    EXPECT_THAT(words(inventory.command(wanted)), ElementsAre("pre_kill 1"));
    EXPECT_THAT(inventory.command(wanted).actions, IsEmpty());
    EXPECT_FALSE(inventory.observed(kServer)->incarnations[0].pre_kill_done);
    wire::IncarnationObserved done = state(1, RunPhase::running);
    done.pre_kill_done = true;
    done.pre_kill_error = "it failed";
    inventory.report(kServer, done);
    inventory.report(kServer, state(1, RunPhase::running));
    EXPECT_TRUE(inventory.observed(kServer)->incarnations[0].pre_kill_done);
    EXPECT_EQ(inventory.observed(kServer)->incarnations[0].pre_kill_error, "it failed");

    Inventory without;
    wire::TaskCommand plain = run(1);
    plain.pre_kill = true;
    without.command(plain);
    EXPECT_TRUE(without.observed(kServer)->incarnations[0].pre_kill_done);
    Inventory early;
    EXPECT_THAT(words(early.command(wanted)), ElementsAre("launch 1"));
    EXPECT_TRUE(early.observed(kServer)->incarnations[0].pre_kill_done) << "there is nothing to run it beside";
}

TEST(Inventory, StepsAndLastWordsAreToldOfTheNewestRunsOnly) {
    Inventory inventory;
    for (std::uint64_t seq = 1; seq <= 4; ++seq) {
        inventory.command(run(seq));
        wire::IncarnationObserved ended = state(seq, RunPhase::exited);
        ended.steps.emplace_back();
        ended.last_output = "bye";
        inventory.report(kServer, ended);
    }
    const auto all = inventory.observed(kServer)->incarnations;
    ASSERT_EQ(all.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(all[i].last_output, i < 2 ? "" : "bye");
        EXPECT_EQ(all[i].steps.size(), i < 2 ? 0U : 1U);
    }
}

TEST(Inventory, ATaskKeepsItsPlaceUntilNothingOfItLivesAndItWillNotRunAgain) {
    Inventory inventory;
    EXPECT_FALSE(inventory.keeps_place(kServer));
    inventory.command(run(1));
    inventory.report(kServer, state(1, RunPhase::running));
    inventory.command(stop(1));
    EXPECT_TRUE(inventory.keeps_place(kServer)) << "it has not ended yet";
    inventory.report(kServer, state(1, RunPhase::exited));
    EXPECT_FALSE(inventory.keeps_place(kServer));
}

TEST(Inventory, ATaskThatWillRunAgainKeepsItsPlaceMeanwhile) {
    Inventory inventory;
    inventory.command(run(1));
    inventory.report(kServer, state(1, RunPhase::exited));
    EXPECT_TRUE(inventory.keeps_place(kServer)) << "nobody has said yet what becomes of it";
    wire::TaskCommand wait = stop(1);
    wait.keep_place = true;
    inventory.command(wait);
    EXPECT_TRUE(inventory.keeps_place(kServer));
    inventory.command(stop(1));
    EXPECT_FALSE(inventory.keeps_place(kServer));
}

TEST(Inventory, AnAdoptedTaskKeepsItsPlaceUntilItIsKnownWhatBecomesOfIt) {
    Inventory inventory;
    inventory.adopt(kServer, 0, {state(1, RunPhase::exited)});
    EXPECT_TRUE(inventory.keeps_place(kServer));
    inventory.command(destroy(1));
    EXPECT_FALSE(inventory.keeps_place(kServer));
}

}  // namespace
}  // namespace drover::driver_manager
