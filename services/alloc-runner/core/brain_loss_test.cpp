// A store that has lost records, and nodes that still run what they were about.
#include <gtest/gtest.h>

#include "alloc-runner/core/brain_test.hpp"
#include "wire/codec.hpp"

namespace drover::alloc_runner {
namespace {

class Loss : public testing::Test {
   protected:
    Loss() {
        members.complete_since = now;
        job.submitted_at = now - hours(1);
        lost.id = "feedfeedfeedfeed";
        lost.job = "web";
        lost.job_version = 1;
        lost.node = "n1";
        lost.group = job.spec.groups[0];
        lost.created_at = now - minutes(30);
        lost.term = 3;
        running.alloc = lost.id;
        running.task = "server";
        running.floor = 2;
        running.incarnations.resize(1);
        running.incarnations[0].seq = 3;
        running.incarnations[0].phase = wire::RunPhase::running;
        running.incarnations[0].started_at = now - minutes(20);
    }

    void hear_state(bool with_job = true) {
        brain.state_reset();
        brain.hear(members);
        if (with_job) brain.hear(job);
        brain.hear(node);
        brain.state_complete();
        brain.state_current(now);
    }
    void hear_node() {
        brain.hear("n1", running);
        brain.inventory_complete("n1");
    }
    Statements settle_after(Duration time = milliseconds(1)) {
        for (const Instant end = now + time; now < end; now = std::min(end, now + seconds(1))) brain.state_current(now);
        return brain.settle(now);
    }
    std::optional<wire::TaskCommand> said_of_task(const Statements& said) const {
        const auto at = said.commands.find({"n1", TaskKey{lost.id, "server"}});
        return at == said.commands.end() ? std::nullopt : at->second;
    }
    wire::AllocDesired claimed() const {
        wire::AllocDesired alloc = lost;
        alloc.term = members.generation;
        return alloc;
    }

    Instant now{seconds(1'000'000).ns};
    wire::Members members = own_membership();
    wire::JobDesired job = web_job();
    wire::NodeStatus node = mock_node();
    wire::AllocDesired lost;
    wire::TaskObserved running;
    Brain brain{own_rules()};
};

TEST_F(Loss, ARunningTaskIsRecalledFromItsNodeAndRunsOn) {
    hear_state();
    hear_node();
    const Statements asked = settle_after();
    EXPECT_TRUE(asked.proposals.empty()) << "its place only looks empty";
    ASSERT_TRUE(said_of_task(asked));
    EXPECT_EQ(said_of_task(asked)->verb, wire::Verb::recall);
    running.recalled = true;
    running.placed = wire::encode(lost);
    brain.hear("n1", running);
    const Statements again = settle_after();
    ASSERT_EQ(again.proposals.size(), 1u);
    EXPECT_EQ(again.proposals.begin()->second, claimed());
    brain.hear(claimed());
    const Statements known = settle_after();
    ASSERT_TRUE(known.proposals.contains(lost.id));
    EXPECT_FALSE(known.proposals.at(lost.id)) << "what is recorded need not be proposed any more";
    EXPECT_EQ(known.proposals.size(), 1u) << "its place is taken";
    ASSERT_TRUE(said_of_task(known));
    EXPECT_EQ(said_of_task(known)->verb, wire::Verb::run);
    EXPECT_EQ(said_of_task(known)->seq, 3u);
}

TEST_F(Loss, OfAWholeDatabaseLeavesTasksThatGoOnUnderTheirJobOnceItIsSubmittedAgain) {
    hear_state(false);
    hear_node();
    running.recalled = true;
    running.placed = wire::encode(lost);
    settle_after();
    brain.hear("n1", running);
    EXPECT_EQ(settle_after().proposals.at(lost.id), claimed());
    brain.hear(claimed());
    EXPECT_EQ(said_of_task(settle_after())->verb, wire::Verb::run);
    job.submitted_at = now;
    brain.hear(job);
    EXPECT_TRUE(settle_after(hours(1)).proposals.empty()) << "the job has what it wants";
}

TEST_F(Loss, ATaskThatNobodyCanTellAboutIsNeverHarmed) {
    hear_state();
    hear_node();
    settle_after();
    EXPECT_FALSE(said_of_task(settle_after(hours(1))));
    brain.forget_task("n1", {lost.id, "server"});
    const Statements gone = settle_after();
    EXPECT_TRUE(gone.commands.contains({"n1", TaskKey{lost.id, "server"}})) << "the question is withdrawn";
    EXPECT_FALSE(said_of_task(gone));
}

TEST_F(Loss, EndsNothingThatBeganLaterAndIsUnknown) {
    running.incarnations[0].started_at = now + minutes(2);
    hear_state();
    hear_node();
    EXPECT_FALSE(said_of_task(settle_after()));
    ASSERT_TRUE(said_of_task(settle_after(minutes(3)))) << "it is an orphan as ever";
}

TEST_F(Loss, WhatHasEndedAndIsKeptNowhereGoesOnceItsNodeHasSaidSo) {
    running.incarnations[0].phase = wire::RunPhase::exited;
    hear_state();
    hear_node();
    settle_after();
    EXPECT_FALSE(said_of_task(settle_after(minutes(2)))) << "its end may still be recorded";
    ++members.generation;
    brain.hear(members);
    settle_after();
    running.recalled = true;
    brain.hear("n1", running);
    ASSERT_TRUE(said_of_task(settle_after(minutes(1))));
    EXPECT_EQ(said_of_task(brain.settle(now)).has_value(), false);
}

TEST_F(Loss, AnAnswerThatDoesNotFitIsNoClaim) {
    hear_state();
    lost.node = "n2";
    running.recalled = true;
    running.placed = wire::encode(lost);
    hear_node();
    settle_after();
    EXPECT_FALSE(settle_after().proposals.contains(lost.id));
    running.placed = "no message";
    hear_node();
    EXPECT_FALSE(settle_after().proposals.contains(lost.id));
}

TEST_F(Loss, PlacesOfOlderJobsAreFilledAnewOnlyAfterAWhile) {
    hear_state();
    brain.inventory_complete("n1");
    EXPECT_TRUE(settle_after().proposals.empty()) << "other nodes may be on their way";
    EXPECT_LE(brain.wake_at(), members.complete_since + seconds(10));
    EXPECT_EQ(settle_after(seconds(10)).proposals.size(), 1u);
}

TEST_F(Loss, NothingIsPlacedWhileANodeHasYetToSpeak) {
    job.submitted_at = now;
    hear_state();
    EXPECT_TRUE(settle_after().proposals.empty());
    brain.inventory_complete("n1");
    EXPECT_EQ(settle_after().proposals.size(), 1u);
}

TEST_F(Loss, ANodeThatNeverSpeaksHoldsUpNothingForLong) {
    hear_state();
    settle_after();
    EXPECT_EQ(brain.wake_at(), members.complete_since + minutes(1));
    EXPECT_EQ(settle_after(minutes(1)).proposals.size(), 1u);
}

TEST_F(Loss, WhatAnotherTermAskedIsAskedAnew) {
    hear_state();
    hear_node();
    settle_after();
    ++members.generation;
    brain.hear(members);
    const auto command = said_of_task(settle_after());
    ASSERT_TRUE(command);
    EXPECT_EQ(command->verb, wire::Verb::recall);
    EXPECT_EQ(command->term, members.generation);
}

}  // namespace
}  // namespace drover::alloc_runner
