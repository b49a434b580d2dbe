#include "state-store/core/nodes.hpp"

#include <gtest/gtest.h>

#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

class NodesTest : public testing::Test {
   protected:
    void observe(const std::string& name, Instant now) {
        wire::NodeObserved node;
        node.id = "n1";
        node.name = name;
        Draft draft(record);
        ASSERT_TRUE(nodes.observed(draft, node, now));
        record.commit(draft);
    }
    wire::NodeStatus settle(Instant now) {
        Draft draft(record);
        EXPECT_TRUE(nodes.settle(draft, now));
        written = record.commit(draft);
        return record.get<wire::NodeStatus>("node/n1");
    }

    TestRecord record;
    Nodes nodes;
    std::string written;
};

TEST_F(NodesTest, ANodeIsReadyWhenItFirstSpeaks) {
    observe("alpha", kNow);
    const wire::NodeStatus status = settle(kNow + seconds(1));
    EXPECT_EQ(status.state, wire::NodeState::ready);
    EXPECT_EQ(status.node.name, "alpha");
    EXPECT_EQ(status.since, kNow);
    EXPECT_EQ(written, "");
    observe("beta", kNow + seconds(2));
    EXPECT_EQ(settle(kNow + seconds(2)).node.name, "beta");
    EXPECT_EQ(settle(kNow + seconds(2)).since, kNow);
}

TEST_F(NodesTest, ANodeIsDownAfterFifteenSecondsOfSilenceAndSaysWhy) {
    observe("alpha", kNow);
    EXPECT_FALSE(nodes.heard("n1", kNow + seconds(5)));
    EXPECT_EQ(settle(kNow + seconds(19)).state, wire::NodeState::ready);
    const wire::NodeStatus down = settle(kNow + seconds(20));
    EXPECT_EQ(down.state, wire::NodeState::down);
    EXPECT_EQ(down.since, kNow + seconds(20));
    EXPECT_NE(down.why.find("not been heard of since"), std::string::npos);

    EXPECT_TRUE(nodes.heard("n1", kNow + seconds(30)));
    const wire::NodeStatus ready = settle(kNow + seconds(30));
    EXPECT_EQ(ready.state, wire::NodeState::ready);
    EXPECT_EQ(ready.why, "");
    EXPECT_EQ(ready.since, kNow + seconds(30));
}

TEST_F(NodesTest, AStoreThatWasAwayGivesEveryNodeTimeToSpeak) {
    observe("alpha", kNow);
    nodes = Nodes();
    nodes.known("n1", kNow + hours(1));
    EXPECT_EQ(settle(kNow + hours(1) + seconds(14)).state, wire::NodeState::ready);
    EXPECT_EQ(settle(kNow + hours(1) + seconds(15)).state, wire::NodeState::down);
}

TEST_F(NodesTest, AnObservationMakesANodeReadyAgain) {
    observe("alpha", kNow);
    EXPECT_EQ(settle(kNow + seconds(60)).state, wire::NodeState::down);
    observe("alpha", kNow + seconds(61));
    EXPECT_EQ(settle(kNow + seconds(61)).state, wire::NodeState::ready);
}

TEST_F(NodesTest, AnUnknownVoiceIsNoNode) {
    EXPECT_FALSE(nodes.heard("n2", kNow));
    wire::NodeObserved node;
    node.id = "a/b";
    Draft draft(record);
    EXPECT_FALSE(nodes.observed(draft, node, kNow));
}

TEST_F(NodesTest, WhatBecomesOfADriverIsANodeEvent) {
    const auto say = [&](bool detected, bool healthy, const std::string& description, Instant now) {
        wire::NodeObserved node;
        node.id = "n1";
        node.drivers["python"] = {detected, healthy, description};
        node.drivers["exec"] = {false, false, "no crun"};
        Draft draft(record);
        ASSERT_TRUE(nodes.observed(draft, node, now));
        record.commit(draft);
    };
    say(true, true, "Healthy", kNow);
    say(true, true, "Healthy", kNow + seconds(1));
    say(true, false, "was ended by signal 9", kNow + seconds(2));
    say(false, false, "removed", kNow + seconds(3));
    const auto events = settle(kNow + seconds(3)).events;
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].message, "Driver python: undetected -> healthy");
    EXPECT_EQ(events[0].at, kNow);
    EXPECT_EQ(events[1].message, "Driver python: healthy -> unhealthy: was ended by signal 9");
    EXPECT_EQ(events[1].subsystem, "Driver");
    EXPECT_EQ(events[1].details.at("from"), "healthy");
    EXPECT_EQ(events[2].message, "Driver python: unhealthy -> undetected: removed");
    for (int i = 0; i < 20; ++i) say(true, i % 2 == 0, "again", kNow + seconds(4 + i));
    const auto kept = settle(kNow + seconds(24)).events;
    EXPECT_EQ(kept.size(), kNodeEvents);
    EXPECT_EQ(kept.back().at, kNow + seconds(23)) << "the newest are kept";
}

}  // namespace
}  // namespace drover::store
