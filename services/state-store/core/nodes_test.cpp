#include "state-store/core/nodes.hpp"

#include <gtest/gtest.h>

#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

constexpr Instant kStart{seconds(1'000'000).ns};

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
    observe("alpha", kStart);
    const wire::NodeStatus status = settle(kStart + seconds(1));
    EXPECT_EQ(status.state, wire::NodeState::ready);
    EXPECT_EQ(status.node.name, "alpha");
    EXPECT_EQ(status.since, kStart);
    EXPECT_EQ(written, "");
    observe("beta", kStart + seconds(2));
    EXPECT_EQ(settle(kStart + seconds(2)).node.name, "beta");
    EXPECT_EQ(settle(kStart + seconds(2)).since, kStart);
}

TEST_F(NodesTest, ANodeIsDownAfterFifteenSecondsOfSilenceAndSaysWhy) {
    observe("alpha", kStart);
    EXPECT_FALSE(nodes.heard("n1", kStart + seconds(5)));
    EXPECT_EQ(settle(kStart + seconds(19)).state, wire::NodeState::ready);
    const wire::NodeStatus down = settle(kStart + seconds(20));
    EXPECT_EQ(down.state, wire::NodeState::down);
    EXPECT_EQ(down.since, kStart + seconds(20));
    EXPECT_NE(down.why.find("not been heard of since"), std::string::npos);

    EXPECT_TRUE(nodes.heard("n1", kStart + seconds(30)));
    const wire::NodeStatus ready = settle(kStart + seconds(30));
    EXPECT_EQ(ready.state, wire::NodeState::ready);
    EXPECT_EQ(ready.why, "");
    EXPECT_EQ(ready.since, kStart + seconds(30));
}

TEST_F(NodesTest, AStoreThatWasAwayGivesEveryNodeTimeToSpeak) {
    observe("alpha", kStart);
    nodes = Nodes();
    nodes.known("n1", kStart + hours(1));
    EXPECT_EQ(settle(kStart + hours(1) + seconds(14)).state, wire::NodeState::ready);
    EXPECT_EQ(settle(kStart + hours(1) + seconds(15)).state, wire::NodeState::down);
}

TEST_F(NodesTest, AnObservationMakesANodeReadyAgain) {
    observe("alpha", kStart);
    EXPECT_EQ(settle(kStart + seconds(60)).state, wire::NodeState::down);
    observe("alpha", kStart + seconds(61));
    EXPECT_EQ(settle(kStart + seconds(61)).state, wire::NodeState::ready);
}

TEST_F(NodesTest, AnUnknownVoiceIsNoNode) {
    EXPECT_FALSE(nodes.heard("n2", kStart));
    wire::NodeObserved node;
    node.id = "a/b";
    Draft draft(record);
    EXPECT_FALSE(nodes.observed(draft, node, kStart));
}

}  // namespace
}  // namespace drover::store
