#include "bus/loss.hpp"

#include <gtest/gtest.h>

namespace drover::bus {
namespace {

wire::Envelope said(const std::string& stream, std::uint64_t epoch, std::uint64_t number,
                    const std::string& key = "k") {
    wire::Envelope envelope;
    envelope.from = "n1";
    envelope.boot = "b";
    envelope.stream = stream;
    envelope.epoch = epoch;
    envelope.prev = number - 1;
    envelope.records.push_back({number, "K", key, false, ""});
    return envelope;
}

TEST(Loss, AMonitorOfAWholeStreamSeesHowManyRecordsItHasMissed) {
    Loss loss("v1/task/event/");
    EXPECT_EQ(loss.missed(said("task/event", 7, 100)), 0U) << "it came late, and missed nothing since";
    EXPECT_EQ(loss.missed(said("task/event", 7, 101)), 0U);
    EXPECT_EQ(loss.missed(said("task/event", 7, 110)), 8U);
    EXPECT_EQ(loss.missed(said("task/event", 7, 111)), 0U);
    EXPECT_EQ(loss.missed(said("task/event", 8, 50)), 0U) << "a new numbering";
}

TEST(Loss, AMonitorOfEverythingSeesWhatItHasMissedOfEachStream) {
    Loss loss("");
    loss.missed(said("state", 1, 5));
    loss.missed(said("node", 1, 9));
    EXPECT_EQ(loss.missed(said("state", 1, 7)), 1U);
    EXPECT_EQ(loss.missed(said("node", 1, 10)), 0U);
}

TEST(Loss, WhatAFilterLeavesOutIsNotCalledLost) {
    Loss loss("v1/task/event/web/");
    loss.missed(said("task/event", 7, 100));
    EXPECT_EQ(loss.missed(said("task/event", 7, 150)), 0U);
}

TEST(Loss, SamplesAreCountedForEachKeyWhateverTheFilter) {
    Loss loss("v1/task/stats/web/");
    loss.missed(said("task/stats", 0, 3, "web/a/t"));
    loss.missed(said("task/stats", 0, 90, "web/b/t"));
    EXPECT_EQ(loss.missed(said("task/stats", 0, 6, "web/a/t")), 2U);
    EXPECT_EQ(loss.missed(said("task/stats", 0, 91, "web/b/t")), 0U);
}

}  // namespace
}  // namespace drover::bus
