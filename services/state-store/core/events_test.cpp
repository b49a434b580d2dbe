#include "state-store/core/events.hpp"

#include <gtest/gtest.h>

#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

class EventsTest : public testing::Test {
   protected:
    void add(const std::string& job, const std::string& alloc, const std::string& task, std::uint64_t n,
             std::size_t padding = 0) {
        wire::TaskEvent event = test_event(job, alloc, task, n);
        event.message = std::string(padding, 'm');
        record.put(event_key(job, alloc, task, n), event);
    }
    wire::Answer ask(const std::string& job, const std::string& alloc, const std::string& task, std::uint64_t since = 0,
                     std::uint32_t limit = 100) {
        wire::Request request;
        request.id = "r1";
        request.job = job;
        request.alloc = alloc;
        request.task = task;
        request.since = since;
        request.limit = limit;
        return answer_events(record, log, request).value();
    }
    static std::string names(const wire::Answer& answer) {
        std::string out;
        for (const wire::RecordedEvent& event : answer.events) {
            out += std::to_string(event.number) + ":" + event.event.alloc + "." + event.event.task +
                   std::to_string(event.event.n) + " ";
        }
        return out;
    }

    TestRecord record;
    TestLog log{record, kEventSpace};
};

TEST_F(EventsTest, TheLogIsToldInTheOrderItWasRecorded) {
    add("web", "a1", "server", 1);
    add("db", "b1", "server", 1);
    add("web", "a1", "server", 2);
    const wire::Answer all = ask("", "", "");
    EXPECT_TRUE(all.ok);
    EXPECT_EQ(all.id, "r1");
    EXPECT_EQ(names(all), "1:a1.server1 2:b1.server1 3:a1.server2 ");
    EXPECT_EQ(all.next, 3U);
    EXPECT_FALSE(all.more);
    EXPECT_EQ(names(ask("", "", "", 2)), "3:a1.server2 ");
}

TEST_F(EventsTest, EveryFilterAndAnyCombinationOfThem) {
    record.put("alloc/a1", test_alloc("a1", "web", 1));
    add("web", "a1", "server", 1);
    add("web", "a1", "sidecar", 1);
    add("web", "a2", "server", 1);
    add("webs", "c1", "server", 1);
    EXPECT_EQ(names(ask("web", "", "")), "2:a1.server1 3:a1.sidecar1 4:a2.server1 ");
    EXPECT_EQ(names(ask("web", "", "server")), "2:a1.server1 4:a2.server1 ");
    EXPECT_EQ(names(ask("", "a1", "")), "2:a1.server1 3:a1.sidecar1 ");
    EXPECT_EQ(names(ask("", "a2", "")), "4:a2.server1 ");
    EXPECT_EQ(names(ask("", "", "sidecar")), "3:a1.sidecar1 ");
    EXPECT_EQ(names(ask("web", "a1", "sidecar")), "3:a1.sidecar1 ");
    EXPECT_EQ(names(ask("db", "", "")), "");
}

TEST_F(EventsTest, NextLeadsThroughTheLogWithoutMissingOrRepeating) {
    for (std::uint64_t n = 1; n <= 250; ++n) {
        add("web", "a1", "server", n);
        add("db", "b1", "server", n);
    }
    std::uint64_t since = 0, expected = 1;
    for (int turns = 0;; ++turns) {
        const wire::Answer answer = ask("web", "", "", since, 1000);
        EXPECT_LE(answer.events.size(), kMaxEventsPerAnswer);
        for (const wire::RecordedEvent& event : answer.events) EXPECT_EQ(event.event.n, expected++);
        since = answer.next;
        if (!answer.more) break;
        ASSERT_LT(turns, 10);
    }
    EXPECT_EQ(expected, 251U);
    EXPECT_EQ(since, log.head());
    EXPECT_EQ(ask("", "", "", INT64_MAX).next, log.head()) << "how one asks where the log ends";
}

TEST_F(EventsTest, AnAnswerFitsIntoOneRecord) {
    for (std::uint64_t n = 1; n <= 20; ++n) add("web", "a1", "server", n, 5000);
    const wire::Answer answer = ask("web", "", "");
    EXPECT_TRUE(answer.more);
    EXPECT_EQ(answer.events.size(), 4U);
    EXPECT_EQ(answer.next, 4U);
    add("big", "c1", "server", 1, 30'000);
    EXPECT_EQ(ask("big", "", "").events.size(), 1U);
}

TEST_F(EventsTest, AFilterThatLeavesLittleStillGetsOn) {
    for (std::uint64_t n = 1; n <= 1'100; ++n)
        record.values["event/web/a1/server/" + std::to_string(100'000 + n)] = {n, ""};
    record.head = 1'100;
    add("web", "a1", "sidecar", 1);
    wire::Answer answer = ask("web", "", "sidecar");
    EXPECT_TRUE(answer.more);
    EXPECT_EQ(answer.next, 1'000U);
    EXPECT_EQ(names(answer), "");
    answer = ask("web", "", "sidecar", answer.next);
    EXPECT_EQ(names(answer), "1101:a1.sidecar1 ");
    EXPECT_FALSE(answer.more);
}

TEST_F(EventsTest, TheOldestEventsGoByCountAndByAgeButNeverTheNewest) {
    for (std::uint64_t n = 1; n <= 10; ++n) add("web", "a1", "server", n);
    const auto removed = [&](std::uint64_t count, std::int64_t now, std::size_t limit = 100) {
        Draft draft(record);
        EXPECT_TRUE(remove_events(draft, log, {.max_count = count, .max_age = seconds(5)},
                                  Instant{seconds(1'000'000 + now).ns}, limit));
        std::vector<std::string> keys;
        for (const Write& write : draft.writes())
            if (!write.value) keys.push_back(write.key);
        return keys;
    };
    EXPECT_TRUE(removed(100, 6).empty());
    EXPECT_EQ(removed(100, 9),
              (std::vector<std::string>{event_key("web", "a1", "server", 1), event_key("web", "a1", "server", 2),
                                        event_key("web", "a1", "server", 3)}));
    EXPECT_EQ(removed(8, 6).size(), 2U);
    EXPECT_EQ(removed(0, 6, 4).size(), 4U);
    EXPECT_EQ(removed(0, 1000).size(), 9U);
}

TEST_F(EventsTest, WhoeverAsksForWhatWasRemovedIsToldSo) {
    const auto remove_down_to = [&](std::uint64_t count) {
        Draft draft(record);
        EXPECT_TRUE(remove_events(draft, log, {.max_count = count}, kNow, 100));
        record.commit(draft);
    };
    for (std::uint64_t n = 1; n <= 10; ++n) add("web", "a1", "server", n);
    remove_down_to(10);
    EXPECT_EQ(ask("", "", "").removed, 0U) << "nothing was removed";
    remove_down_to(6);
    EXPECT_EQ(names(ask("", "", "")),
              "5:a1.server5 6:a1.server6 7:a1.server7 8:a1.server8 9:a1.server9 10:a1.server10 ");
    EXPECT_EQ(ask("", "", "").removed, 4U);
    EXPECT_EQ(ask("", "", "").removed_at, test_event("", "", "", 4).time);
    EXPECT_EQ(ask("web", "", "", 3).removed, 4U);
    EXPECT_EQ(ask("", "", "", 4).removed, 0U) << "all of it is there";
    remove_down_to(3);
    EXPECT_EQ(ask("", "", "", 4).removed, 7U);
}

TEST_F(EventsTest, ATimeLeadsToTheFirstEventOfItAndToAllThatWereRecordedLater) {
    for (const std::uint64_t n : {1U, 2U, 5U, 3U, 4U, 6U}) add("web", "a1", "server", n);
    wire::Request request;
    request.from = test_event("", "", "", 3).time;
    const auto found = [&] { return names(answer_events(record, log, request).value()); };
    EXPECT_EQ(found(), "3:a1.server5 4:a1.server3 5:a1.server4 6:a1.server6 ");
    request.limit = 1;
    EXPECT_EQ(found(), "3:a1.server5 ");
    request.from = test_event("", "", "", 7).time;
    EXPECT_EQ(found(), "");
    EXPECT_EQ(answer_events(record, log, request)->next, log.head());

    Draft draft(record);
    ASSERT_TRUE(remove_events(draft, log, {.max_count = 4}, kNow, 100));
    record.commit(draft);
    request.from = test_event("", "", "", 2).time;
    EXPECT_EQ(answer_events(record, log, request)->removed, 2U) << "one of that time was removed";
    request.from = test_event("", "", "", 3).time;
    EXPECT_EQ(answer_events(record, log, request)->removed, 0U);
}

}  // namespace
}  // namespace drover::store
