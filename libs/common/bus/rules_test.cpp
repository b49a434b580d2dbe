// The pure rules: feed, admission, window, topic.
#include <gtest/gtest.h>

#include "bus/admission.hpp"
#include "bus/feed.hpp"
#include "bus/lives.hpp"
#include "bus/topic.hpp"
#include "bus/window.hpp"

namespace drover::bus {
namespace {

wire::Envelope envelope(std::uint64_t epoch, std::uint64_t prev, std::initializer_list<std::uint64_t> numbers) {
    wire::Envelope e;
    e.epoch = epoch;
    e.prev = prev;
    for (const std::uint64_t n : numbers) e.records.push_back({n, "K", "key", false, ""});
    return e;
}

TEST(KeyedFeed, AReplayFromZeroIsASnapshotOfTheNewest) {
    KeyedFeed feed(7);
    EXPECT_TRUE(feed.put("a", "K", "1"));
    EXPECT_TRUE(feed.put("b", "K", "2"));
    EXPECT_TRUE(feed.put("a", "K", "3"));
    EXPECT_FALSE(feed.put("a", "K", "3"));
    const auto records = feed.after(0, 10);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].key, "b");
    EXPECT_EQ(records[1].body, "3");
    EXPECT_EQ(feed.head(), 3U);
}

TEST(KeyedFeed, AnErasureIsToldAndForgottenOnlyBeyondTheFloor) {
    KeyedFeed feed(7);
    const std::size_t keys = KeyedFeed::kMaxTombstones + 10;
    for (std::size_t i = 0; i < keys; ++i) feed.put(std::to_string(i), "K", "x");
    for (std::size_t i = 0; i < keys; ++i) EXPECT_TRUE(feed.erase(std::to_string(i)));
    EXPECT_EQ(feed.size(), 0U);
    EXPECT_GT(feed.floor(), 0U);
    EXPECT_EQ(feed.after(feed.floor(), 2 * keys).size(), KeyedFeed::kMaxTombstones);
    EXPECT_FALSE(feed.after(feed.head() - 1, 1).empty());
}

TEST(Admission, ARecordWhosePredecessorIsMissingIsAGap) {
    Admission a;
    EXPECT_TRUE(a.enter(1, Word::record));
    EXPECT_EQ(a.judge(envelope(1, 0, {1})), Verdict::apply);
    a.applied(1);
    EXPECT_EQ(a.judge(envelope(1, 2, {3})), Verdict::gap);
    EXPECT_TRUE(a.want());
    EXPECT_EQ(a.judge(envelope(1, 1, {2, 3})), Verdict::apply);
    a.applied(3);
    a.settle();
    EXPECT_FALSE(a.want());
    EXPECT_EQ(a.judge(envelope(1, 0, {1})), Verdict::duplicate);
}

TEST(Admission, ACompactedStreamJumpsOverNumbersWithoutAGap) {
    Admission a;
    a.enter(1, Word::record);
    EXPECT_EQ(a.judge(envelope(1, 0, {5, 9})), Verdict::apply);
    a.applied(9);
    EXPECT_EQ(a.judge(envelope(1, 7, {12})), Verdict::apply);
}

TEST(Admission, AnEpochThatWasLeftIsEnteredAgainOnlyWhenItsSenderSaysSo) {
    Admission a;
    EXPECT_TRUE(a.enter(1, Word::record));
    EXPECT_TRUE(a.enter(2, Word::record));
    EXPECT_FALSE(a.enter(1, Word::record));
    EXPECT_EQ(a.judge(envelope(1, 0, {1})), Verdict::refused);
    EXPECT_EQ(a.epoch(), 2U);
    EXPECT_TRUE(a.enter(1, Word::vector));
    EXPECT_EQ(a.judge(envelope(1, 0, {1})), Verdict::apply);
    EXPECT_FALSE(a.enter(2, Word::record));
}

TEST(Lives, TheNewestIsBelievedUntilAnotherGoesOnInItsPlace) {
    Lives lives;
    Instant now{seconds(10).ns};
    EXPECT_TRUE(lives.hear(now, "new", 1));
    EXPECT_TRUE(lives.hear(now, "old", 50)) << "nobody can know yet";
    EXPECT_TRUE(lives.has_ended("new"));
    now = now + Lives::kLate;
    EXPECT_FALSE(lives.hear(now, "new", 1)) << "said before";
    EXPECT_TRUE(lives.hear(now, "new", 2));
    EXPECT_TRUE(lives.has_ended("old"));
    EXPECT_FALSE(lives.hear(now, "old", 51)) << "the living one has only just spoken";
    now = now + Lives::kLate;
    EXPECT_FALSE(lives.hear(now, "old", 51)) << "repeated";
    EXPECT_EQ(lives.boot(), "new");
}

TEST(Admission, IsCompleteOnlyAtAHeadTheSenderStated) {
    Admission a;
    a.enter(1, Word::record);
    a.judge(envelope(1, 0, {1}));
    a.applied(1);
    a.settle();
    EXPECT_FALSE(a.complete());
    EXPECT_TRUE(a.heard_head(3));
    EXPECT_FALSE(a.complete());
    a.applied(3);
    EXPECT_TRUE(a.complete());
}

TEST(Admission, FromHeadSkipsThePastButNothingAfterIt) {
    Admission a(true);
    a.enter(1, Word::record);
    EXPECT_FALSE(a.heard_head(40));
    EXPECT_EQ(a.judge(envelope(1, 40, {41})), Verdict::apply);
    a.applied(41);
    EXPECT_EQ(a.judge(envelope(1, 42, {43})), Verdict::gap);
}

TEST(Window, SendsNoMoreThanItsBoundBeyondTheReportedPosition) {
    KeyedFeed feed(1);
    for (int i = 0; i < 10'000; ++i) feed.put(std::to_string(i), "K", "x");
    Window w;
    const Instant t{1'000};
    w.report(t, 0, true);
    std::size_t sent = 0;
    std::uint64_t last = 0;
    while (auto e = w.next(t, feed)) {
        EXPECT_EQ(e->prev, last);
        last = e->records.back().number;
        ++sent;
    }
    EXPECT_EQ(sent, Window::kWindow);
    w.report(t, last, true);
    EXPECT_EQ(w.next(t, feed)->prev, last);
}

TEST(Window, AReceiverBelowTheFloorIsToldToStartAnew) {
    KeyedFeed feed(1);
    for (std::size_t i = 0; i < KeyedFeed::kMaxTombstones + 10; ++i) {
        feed.put(std::to_string(i), "K", "x");
        feed.erase(std::to_string(i));
    }
    Window w;
    w.report(Instant{1}, 1, true);
    const auto e = w.next(Instant{1}, feed);
    ASSERT_TRUE(e);
    EXPECT_TRUE(e->reset);
    EXPECT_EQ(e->prev, 0U);
}

TEST(Topic, OneJobsTapDoesNotHearAnotherJobWhoseNameBeginsTheSame) {
    EXPECT_FALSE(live_topic("task/event", "job10/a/t").starts_with(live_topic("task/event", "job1")));
    EXPECT_EQ(live_topic("state", "job/a b"), "v1/state/job/a%20b/");
    EXPECT_TRUE(valid_topic("v1/state/job/a%20b/"));
    EXPECT_FALSE(valid_topic("v1/state"));
    EXPECT_FALSE(valid_topic("v1/" + std::string(300, 'a') + "/"));
    EXPECT_TRUE(stream_matches("task/observed/n1", "task/observed/"));
    EXPECT_FALSE(stream_matches("state2", "state"));
}

}  // namespace
}  // namespace drover::bus
