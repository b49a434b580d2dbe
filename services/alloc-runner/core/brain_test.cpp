#include "alloc-runner/core/brain_test.hpp"

#include <gtest/gtest.h>

namespace drover::alloc_runner {
namespace {

// One brain that knows a node, two members and a job of its own.
class BrainCore : public testing::Test {
   protected:
    // The store's state is heard from its beginning, up to now.
    Statements hear_state() {
        brain.state_reset();
        brain.hear(members);
        brain.hear(job);
        brain.hear(node);
        for (const wire::CollectedAlloc& one : removed) brain.hear(one);
        for (const auto& [name, alloc] : allocs) brain.hear(alloc);
        for (const auto& [name, status] : statuses) brain.hear(status);
        brain.state_complete();
        brain.state_current(now);
        return settle();
    }

    Statements settle() {
        now = now + milliseconds(1);
        Statements said = brain.settle(now);
        for (const auto& [name, proposal] : said.proposals)
            if (proposal) allocs[name] = *proposal;
        return said;
    }

    // The first run of an alloc's task, as its node tells of it.
    wire::TaskObserved server_is(const std::string& alloc, wire::RunPhase phase) const {
        wire::TaskObserved observed;
        observed.alloc = alloc;
        observed.task = "server";
        observed.term = members.generation;
        observed.incarnations.resize(1);
        observed.incarnations[0].seq = 1;
        observed.incarnations[0].phase = phase;
        return observed;
    }

    // Up to a running task, everything recorded.
    void run_server() {
        hear_state();
        id = allocs.begin()->first;
        brain.hear(allocs.begin()->second);
        brain.inventory_complete("n1");
        settle();
        brain.hear("n1", server_is(id, wire::RunPhase::running));
        settle();
        statuses[id] = brain.alloc(id)->status();
        brain.hear(statuses[id]);
        settle();
    }

    Instant now{seconds(1'000'000).ns};
    wire::Members members = own_membership();
    wire::JobDesired job = web_job();
    wire::NodeStatus node = mock_node();
    std::map<std::string, wire::AllocDesired> allocs;
    std::map<std::string, wire::AllocStatus> statuses;
    std::vector<wire::CollectedAlloc> removed;
    std::string id;
    Brain brain{own_rules()};
};

TEST_F(BrainCore, DecidesNothingBeforeTheStateIsWhole) {
    brain.hear(members);
    brain.hear(job);
    brain.hear(node);
    EXPECT_TRUE(settle().proposals.empty());
    brain.state_complete();
    EXPECT_EQ(settle().proposals.size(), 1u);
}

TEST_F(BrainCore, DecidesNothingWhileMembersNamesAnotherBoot) {
    members.alloc_runners[0].boot = "boot-b";
    EXPECT_TRUE(hear_state().proposals.empty());
    EXPECT_EQ(brain.term(), 0u);
}

TEST_F(BrainCore, RunsAnAllocOnlyOnceTheStoreHasRecordedIt) {
    const Statements said = hear_state();
    brain.inventory_complete("n1");
    ASSERT_EQ(said.proposals.size(), 1u);
    EXPECT_TRUE(settle().commands.empty());
    brain.hear(allocs.begin()->second);
    const Statements next = settle();
    EXPECT_EQ(next.commands.size(), 1u);
    EXPECT_FALSE(next.proposals.begin()->second.has_value()) << "what is recorded need not be proposed any more";
}

TEST_F(BrainCore, CommandsNothingBeforeTheNodesInventoryIsWhole) {
    hear_state();
    brain.hear(allocs.begin()->second);
    EXPECT_TRUE(settle().commands.empty());
    brain.inventory_complete("n1");
    EXPECT_EQ(settle().commands.size(), 1u);
}

TEST_F(BrainCore, LeavesAnAllocToItsNewOwner) {
    run_server();
    members.generation = 5;
    members.alloc_runners = {{"ar-1", "boot-c"}};
    brain.hear(members);
    const Statements said = settle();
    ASSERT_EQ(said.commands.size(), 1u);
    EXPECT_FALSE(said.commands.begin()->second.has_value());
    EXPECT_EQ(brain.alloc(id), nullptr);
}

TEST_F(BrainCore, ANewTermSpeaksForEveryAllocAgain) {
    run_server();
    members.generation = 9;
    brain.hear(members);
    const Statements said = settle();
    ASSERT_EQ(said.commands.size(), 1u);
    ASSERT_TRUE(said.commands.begin()->second.has_value());
    EXPECT_EQ(said.commands.begin()->second->term, 9u);
    EXPECT_EQ(said.commands.begin()->second->verb, wire::Verb::run);
}

TEST_F(BrainCore, ADriverManagerThatStartsAnewChangesNothingUntilItsInventoryIsWhole) {
    run_server();
    brain.inventory_reset("n1");
    EXPECT_TRUE(settle().events.empty());
    EXPECT_EQ(brain.alloc(id)->status().status, ClientStatus::running);
    brain.inventory_complete("n1");
    const Statements said = settle();
    ASSERT_EQ(said.commands.size(), 1u) << "the run is gone: it is never started again under its number";
    EXPECT_EQ(said.commands.begin()->second->verb, wire::Verb::stop);
}

TEST_F(BrainCore, AStoreThatStartsAnewChangesNothing) {
    run_server();
    EXPECT_TRUE(hear_state().commands.empty());
    EXPECT_EQ(brain.alloc(id)->status().status, ClientStatus::running);
}

TEST_F(BrainCore, ForgetsWhatAStoreThatStartsAnewDoesNotHave) {
    run_server();
    allocs.clear();
    statuses.clear();
    const Statements said = hear_state();
    EXPECT_EQ(brain.alloc(id), nullptr);
    ASSERT_EQ(said.proposals.size(), 1u);
    EXPECT_EQ(said.proposals.begin()->first, id) << "the same place has the same name";
}

TEST_F(BrainCore, AProposalForAnotherVersionIsWithdrawnUnlessItIsRecorded) {
    const Statements first = hear_state();
    const std::string early = first.proposals.begin()->first;
    job.version = 2;
    brain.hear(job);
    const Statements said = settle();
    ASSERT_EQ(said.proposals.size(), 2u);
    EXPECT_FALSE(said.proposals.at(early).has_value());
    for (const auto& [name, proposal] : said.proposals) EXPECT_EQ(proposal ? proposal->job_version : 2, 2u);
}

TEST_F(BrainCore, AStopThatSkipsTheShutdownDelayIsProposedUntilItIsRecorded) {
    run_server();
    job.stopped = true;
    brain.hear(job);
    settle();
    const wire::AllocDesired stopped = allocs[id];
    brain.hear(stopped);
    settle();
    job.no_shutdown_delay = true;
    brain.hear(job);
    ASSERT_EQ(settle().proposals.count(id), 1u);
    EXPECT_TRUE(allocs[id].no_shutdown_delay);
    brain.hear(stopped);
    EXPECT_TRUE(settle().proposals.empty()) << "the record of the stop before it is no answer";
    brain.hear(allocs[id]);
    const Statements said = settle();
    ASSERT_EQ(said.proposals.count(id), 1u);
    EXPECT_FALSE(said.proposals.at(id).has_value());
}

TEST_F(BrainCore, BatchWorkOfADrainingNodeIsStoppedAtTheDeadline) {
    job.spec.type = wire::JobType::batch;
    run_server();
    brain.hear(wire::NodeOrder{"n1", false, true, now + hours(1)});
    EXPECT_TRUE(settle().proposals.empty());
    EXPECT_EQ(brain.wake_at(), now + hours(1) - milliseconds(1));
    now = now + hours(1);
    const Statements said = settle();
    ASSERT_EQ(said.proposals.size(), 1u);
    EXPECT_EQ(said.proposals.begin()->second->desired, wire::Desired::stop);
}

TEST_F(BrainCore, WakesForNoDeadlineBeforeTheStateIsWhole) {
    brain.hear(wire::NodeOrder{"n1", false, true, now - hours(1)});
    settle();
    EXPECT_EQ(brain.wake_at(), kNever);
}

TEST_F(BrainCore, AStoreThatStartsAnewWithoutAnOrderEndsTheDrain) {
    brain.hear(wire::NodeOrder{"n1", false, true, kNever});
    EXPECT_TRUE(hear_state().proposals.size() == 1) << "the state does not have the order any more";
}

class Orphan : public BrainCore {
   protected:
    void hear_of_orphan() {
        wire::TaskObserved observed;
        observed.alloc = "feedfeedfeedfeed";
        observed.task = "ghost";
        observed.incarnations.resize(1);
        observed.incarnations[0].seq = 3;
        brain.hear("n1", observed);
        brain.inventory_complete("n1");
    }
    // The store is heard meanwhile.
    Statements settle_after(Duration time) {
        for (const Instant end = now + time; now < end; now = now + seconds(1)) brain.state_current(now);
        return settle();
    }
    std::optional<wire::TaskCommand> destruction(const Statements& said) {
        for (const auto& [where, command] : said.commands)
            if (where.second.second == "ghost") return command;
        return std::nullopt;
    }
};

TEST_F(Orphan, IsDestroyedAfterItsGrace) {
    hear_state();
    hear_of_orphan();
    EXPECT_FALSE(destruction(settle()));
    ASSERT_LE(brain.wake_at(), now + seconds(30));
    EXPECT_FALSE(destruction(settle_after(seconds(29))));
    const auto command = destruction(settle_after(seconds(2)));
    ASSERT_TRUE(command.has_value());
    EXPECT_EQ(command->verb, wire::Verb::destroy);
    EXPECT_EQ(command->seq, 3u);
    EXPECT_EQ(command->term, 4u);
    brain.forget_task("n1", {"feedfeedfeedfeed", "ghost"});
    const Statements said = settle();
    ASSERT_EQ(said.commands.size(), 1u);
    EXPECT_FALSE(said.commands.begin()->second.has_value()) << "it is gone, so nothing is left to say";
}

TEST_F(Orphan, IsNoneForWhoeverDoesNotHearTheStore) {
    hear_state();
    hear_of_orphan();
    settle();
    now = now + hours(1);
    EXPECT_FALSE(destruction(settle())) << "the store may have recorded its alloc long ago";
    now = now + hours(1);
    brain.state_current(now);
    EXPECT_FALSE(destruction(settle_after(seconds(29)))) << "what was missed is told only now";
    EXPECT_TRUE(destruction(settle_after(seconds(2))));
}

TEST_F(Orphan, IsDestroyedAtOnceWhenTheStoreRemovedItsAlloc) {
    removed.push_back({});
    removed[0].id = "feedfeedfeedfeed";
    hear_state();
    hear_of_orphan();
    const auto command = destruction(settle());
    ASSERT_TRUE(command.has_value());
    EXPECT_EQ(command->verb, wire::Verb::destroy);
}

TEST_F(Orphan, IsDestroyedThoughItsJobWasTheOnlyOneAndIsGone) {
    brain.hear(members);
    wire::CollectedAlloc gone;
    gone.id = "feedfeedfeedfeed";
    brain.hear(gone);
    brain.state_complete();
    hear_of_orphan();
    EXPECT_TRUE(destruction(settle()).has_value());
}

TEST_F(BrainCore, TheTasksOfARemovedAllocAreDestroyedAndItsPlaceStaysDone) {
    run_server();
    wire::AllocStatus ended = statuses[id];
    ended.version += 10;
    ended.status = ClientStatus::complete;
    ended.tasks[0].phase = wire::TaskPhase::dead;
    brain.hear(ended);
    settle();
    wire::CollectedAlloc gone;
    gone.id = id;
    brain.hear(gone);
    job.completed["front"] = {0};
    brain.hear(job);
    EXPECT_TRUE(settle().proposals.empty());
    brain.forget_alloc(id);
    const Statements said = settle();
    EXPECT_TRUE(said.proposals.empty());
    bool destroyed = false;
    for (const auto& [where, command] : said.commands)
        destroyed |= command && command->verb == wire::Verb::destroy && where.second.first == id;
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(brain.jobs().at("web").slots.at({"front", 0}), Slot::taken);
}

TEST_F(Orphan, IsNoneOnceTheStoreKnowsItsAlloc) {
    hear_state();
    hear_of_orphan();
    settle();
    wire::AllocDesired alloc = allocs.begin()->second;
    alloc.id = "feedfeedfeedfeed";
    brain.hear(alloc);
    EXPECT_FALSE(destruction(settle_after(hours(1))));
}

TEST_F(Orphan, IsLeftAloneByAStoreThatKnowsNoJobAtAll) {
    brain.hear(members);
    brain.state_complete();
    hear_of_orphan();
    settle();
    EXPECT_FALSE(destruction(settle_after(hours(1))));
}

TEST_F(BrainCore, TenThousandUpdatesOfDyingAllocsTakeOneCommandEachAndDelayNoOther) {
    constexpr std::uint32_t kAllocs = 1000;
    job.spec.groups[0].count = kAllocs;
    hear_state();
    ASSERT_EQ(allocs.size(), kAllocs);
    for (const auto& [name, alloc] : allocs) brain.hear(alloc);
    brain.inventory_complete("n1");
    settle();
    for (const auto& [name, alloc] : allocs) brain.hear("n1", server_is(name, wire::RunPhase::running));
    settle();
    const std::string spared = allocs.begin()->first;
    for (int update = 1; update <= 10; ++update)
        for (const auto& [name, alloc] : allocs) {
            wire::AllocOrder order;
            order.alloc = name;
            order.stop = name != spared;
            order.restarts["server"] = 1;
            brain.hear(order);
        }
    // None of the dying says anything: the node is slow, or their processes are.
    const Statements said = settle();
    ASSERT_EQ(said.commands.size(), kAllocs);
    for (const auto& [key, command] : said.commands) EXPECT_EQ(command->verb, wire::Verb::stop);
    EXPECT_EQ(said.events.size(), kAllocs) << "a Killing each, and one Restart Signaled";
    EXPECT_TRUE(settle().commands.empty());

    wire::TaskObserved ended = server_is(spared, wire::RunPhase::exited);
    ended.floor = 1;
    brain.hear("n1", ended);
    const Statements next = settle();
    ASSERT_EQ(next.commands.size(), 1u) << "the one that was not to die goes on at once";
    EXPECT_EQ(next.commands.begin()->second->verb, wire::Verb::run);
    EXPECT_EQ(next.commands.begin()->second->seq, 2u);
}

}  // namespace
}  // namespace drover::alloc_runner
