// Removing what has ended, as everybody around the store sees it.
#include <gtest/gtest.h>

#include "state-store/core/test_record.hpp"
#include "state-store/shell/test_world.hpp"

namespace drover::store {
namespace {

class StoreCollects : public testing::Test, protected World {
   protected:
    // Nothing goes by itself, unless a test says so.
    StoreCollects() { limits.collecting.max_age = hours(24 * 365 * 100); }

    static wire::Request make(const std::string& id, wire::Ask ask) {
        wire::Request request;
        request.id = id;
        request.ask = ask;
        return request;
    }
    void record_ended(int count) {
        wire::Request request = make("submit", wire::Ask::job_submit);
        request.spec = test_job("sum", {"server"});
        request.spec->groups[0].count = static_cast<std::uint32_t>(count);
        ASSERT_TRUE(ask(request).ok);
        const std::uint64_t term = generation();
        for (int i = 0; i < count; ++i) {
            wire::AllocDesired alloc = test_alloc("a" + std::to_string(i), "sum", term);
            alloc.group = request.spec->groups[0];
            alloc.index = static_cast<std::uint32_t>(i);
            runner->say("alloc/" + alloc.id, alloc);
            wire::AllocReport report;
            report.alloc = alloc.id;
            report.term = term;
            report.status.emplace();
            report.status->id = alloc.id;
            report.status->job = "sum";
            report.status->term = term;
            report.status->version = 1;
            report.status->status = wire::ClientStatus::complete;
            report.status->tasks.resize(1);
            report.status->tasks[0].name = "server";
            report.status->tasks[0].phase = wire::TaskPhase::dead;
            report.status->tasks[0].state = wire::TaskState::dead;
            report.status->tasks[0].finished_at = loop.now();
            ASSERT_TRUE(until([&] { return state<wire::AllocDesired>("alloc/" + alloc.id).has_value(); }));
            runner->say("report/" + alloc.id, report);
            ASSERT_TRUE(until([&] { return state<wire::AllocStatus>("status/" + alloc.id).has_value(); }));
        }
    }
    std::size_t left() {
        std::size_t count = 0;
        for (const auto& [key, body] : gateway->ears.records["state"]) count += key.starts_with("alloc/") ? 1 : 0;
        return count;
    }
};

TEST_F(StoreCollects, WhatIsTooOldAndTellsEverybodyThatItsWorkIsDoneFirst) {
    limits.collecting.max_age = seconds(30);
    limits.collecting.interval = seconds(2);
    start();
    record_ended(3);
    EXPECT_EQ(left(), 3U);
    ASSERT_TRUE(until([&] { return left() == 0; }, seconds(60)));
    EXPECT_EQ(state<wire::JobDesired>("job/sum")->completed["front"], (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_EQ(state<wire::CollectedAlloc>("collected/a1")->status, wire::ClientStatus::complete);
    // In the order in which the runner hears it, no place is ever empty and not known to be done.
    std::set<std::uint32_t> done;
    for (const wire::Record& record : runner->ears.log["state"]) {
        if (record.key == "job/sum") {
            const wire::JobDesired job = wire::decode<wire::JobDesired>(record.body).value();
            if (const auto at = job.completed.find("front"); at != job.completed.end())
                done = {at->second.begin(), at->second.end()};
        }
        if (!record.erased || !record.key.starts_with("alloc/a")) continue;
        EXPECT_TRUE(done.contains(static_cast<std::uint32_t>(record.key.back() - '0'))) << record.key;
    }
}

TEST_F(StoreCollects, ManyInBitesThatHoldNobodyUp) {
    limits.collecting.interval = seconds(1);
    limits.collecting.at_once = 2;
    start();
    record_ended(7);
    limits.collecting.max_allocs = 1;
    start();
    ASSERT_TRUE(until([&] { return left() == 1; }, seconds(10)));
    loop.run_for(seconds(5));
    EXPECT_EQ(left(), 1U);
    EXPECT_TRUE(state<wire::AllocDesired>("alloc/a6")) << "the one that ended last";
}

TEST_F(StoreCollects, AtAUsersWishOnceAndAPreviewRemovesNothing) {
    limits.collecting.interval = hours(1);
    limits.collecting.at_once = 2;
    limits.collecting.max_allocs = 0;
    start();
    record_ended(5);
    wire::Request preview = make("p1", wire::Ask::collect);
    preview.dry_run = true;
    const wire::Answer before = ask(preview);
    EXPECT_EQ(before.index, 5U);
    EXPECT_TRUE(before.more);
    ASSERT_EQ(before.collected.size(), 2U);
    EXPECT_EQ(before.collected[0].reason, "5 ended allocs are more than the 0 that are kept");
    EXPECT_TRUE(before.collected[0].tasks.empty()) << "an answer is a list, the record has it all";
    loop.run_for(seconds(3));
    EXPECT_EQ(left(), 5U);

    const wire::Answer first = ask(make("c1", wire::Ask::collect));
    EXPECT_EQ(first.collected.size(), 2U);
    start();
    loop.run_for(seconds(3));
    EXPECT_EQ(left(), 3U) << "heard again, not done again";
    EXPECT_TRUE(ask(make("c2", wire::Ask::collect)).more);
    const wire::Answer last = ask(make("c3", wire::Ask::collect));
    EXPECT_EQ(last.collected.size(), 1U);
    EXPECT_FALSE(last.more);
    EXPECT_TRUE(until([&] { return left() == 0; }));
}

TEST_F(StoreCollects, APurgedJobOnceNothingOfItRuns) {
    start();
    record_ended(2);
    wire::Request purge = make("stop", wire::Ask::job_stop);
    purge.job = "sum";
    purge.purge = true;
    EXPECT_TRUE(ask(purge).ok);
    ASSERT_TRUE(until([&] { return !state<wire::JobDesired>("job/sum"); }, seconds(5)));
    EXPECT_EQ(left(), 0U);
    EXPECT_EQ(state<wire::CollectedAlloc>("collected/a0")->reason, "its job was purged");
    for (const char* key : {"order/a0", "status/a0", "recorded/a0"})
        EXPECT_FALSE(gateway->ears.records["state"].contains(key)) << key;
    // A store that starts anew, and a gateway that does, see the same.
    start();
    gateway.reset();
    gateway = make_gateway("g2", 2);
    ASSERT_TRUE(until([&] { return state<wire::CollectedAlloc>("collected/a0").has_value(); }));
    EXPECT_FALSE(state<wire::JobDesired>("job/sum"));
    wire::Request again = make("again", wire::Ask::job_submit);
    again.spec = test_job("sum", {"server"});
    EXPECT_EQ(ask(again).index, 1U);
}

TEST_F(StoreCollects, ALargeJobIsPurgedInBitesThatFollowEachOtherAtOnce) {
    limits.collecting.at_once = 2;
    start();
    record_ended(20);
    wire::Request purge = make("stop", wire::Ask::job_stop);
    purge.job = "sum";
    purge.purge = true;
    EXPECT_TRUE(ask(purge).ok);
    EXPECT_TRUE(until([&] { return left() == 0 && !state<wire::JobDesired>("job/sum"); }, seconds(2)));
}

}  // namespace
}  // namespace drover::store
