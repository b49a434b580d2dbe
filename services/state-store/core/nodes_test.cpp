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

}  // namespace
}  // namespace drover::store
