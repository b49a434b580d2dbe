#include "state-store/core/collect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "state-store/core/test_record.hpp"
#include "wire/slots.hpp"

namespace drover::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using wire::ClientStatus;
using Ids = std::vector<std::string>;

constexpr Instant kCollectedAt{seconds(10'000'000).ns};

class CollectTest : public testing::Test {
   protected:
    void put_job(const std::string& name, std::uint32_t count = 1, wire::JobType type = wire::JobType::batch) {
        wire::JobDesired job;
        job.spec = test_job(name, {"server"});
        job.spec.type = type;
        job.spec.groups[0].count = count;
        job.version = 1;
        record.put("job/" + name, job);
    }
    wire::JobDesired job(const std::string& name) { return record.get<wire::JobDesired>("job/" + name); }
    void change_job(const std::string& name, const std::function<void(wire::JobDesired&)>& change) {
        wire::JobDesired known = job(name);
        change(known);
        record.put("job/" + name, known);
    }

    void put_alloc(const std::string& id, const std::string& name, std::uint32_t index = 0,
                   const std::string& node = "n1") {
        wire::AllocDesired alloc = test_alloc(id, name, 1);
        alloc.group = job(name).spec.groups[0];
        alloc.type = job(name).spec.type;
        alloc.index = index;
        alloc.node = node;
        alloc.created_at = kCollectedAt - hours(1000) + seconds(static_cast<std::int64_t>(record.head));
        record.put("alloc/" + id, alloc);
        record.put("order/" + id, wire::AllocOrder{});
        record.put("recorded/" + id, wire::AllocRecorded{});
    }
    void end(const std::string& id, Duration ago, ClientStatus how = ClientStatus::complete) {
        wire::AllocStatus status;
        status.id = id;
        status.status = how;
        status.tasks.resize(1);
        status.tasks[0].name = "server";
        status.tasks[0].phase = wire::TaskPhase::dead;
        status.tasks[0].state = wire::TaskState::dead;
        status.tasks[0].failed = how == ClientStatus::failed;
        status.tasks[0].exit = wire::ExitRecord{how == ClientStatus::failed ? 3 : 0, 0, false, ""};
        status.tasks[0].finished_at = kCollectedAt - ago;
        status.tasks[0].last_output = how == ClientStatus::failed ? "cannot bind" : "";
        record.put("status/" + id, status);
    }
    void stop(const std::string& id, const std::string& reason = "no longer part of the job") {
        auto alloc = record.get<wire::AllocDesired>("alloc/" + id);
        alloc.desired = wire::Desired::stop;
        alloc.reason = reason;
        record.put("alloc/" + id, alloc);
    }
    void put_node(const std::string& id, const std::string& disk, const std::string& inodes) {
        wire::NodeStatus node;
        node.node.id = id;
        node.node.name = id;
        node.node.attributes = {{"storage.used_percent", disk}, {"storage.inodes_used_percent", inodes}};
        record.put("node/" + id, node);
    }

    Census census() const {
        Census out;
        for (const auto& [key, value] : record.values) out.hear(key, value.value);
        return out;
    }
    std::vector<Removal> find_due() const { return due(census(), rules, kCollectedAt); }
    Ids due_ids() const {
        Ids out;
        for (const Removal& removal : find_due()) out.push_back(removal.alloc);
        return out;
    }
    Ids collect_all(std::size_t limit = 1000) {
        Draft draft(record);
        kept = collect(draft, find_due(), limit, kCollectedAt);
        written = record.commit(draft);
        Ids out;
        for (const wire::CollectedAlloc& one : kept) out.push_back(one.id);
        return out;
    }

    CollectRules rules;
    TestRecord record;
    std::vector<wire::CollectedAlloc> kept;
    std::string written;
};

TEST_F(CollectTest, WhatEndedLongAgoGoesAndFailedOnesLater) {
    put_job("sum", 5);
    for (std::uint32_t i = 0; i < 5; ++i) put_alloc("a" + std::to_string(i), "sum", i);
    end("a0", hours(23));
    end("a1", hours(25));
    end("a2", hours(25), ClientStatus::failed);
    end("a3", hours(24 * 8), ClientStatus::failed);
    EXPECT_THAT(collect_all(), ElementsAre("a1", "a3"));
    EXPECT_EQ(kept[0].reason, "it ended 25h ago; an ended alloc is kept for 24h");
    EXPECT_EQ(kept[1].reason, "it ended 192h ago; failed allocs are kept for 168h");
    EXPECT_THAT(collect_all(), IsEmpty());
}

TEST_F(CollectTest, ARunningAllocNeverGoes) {
    rules.max_age = {};
    rules.max_allocs = 0;
    rules.node_max_allocs = 0;
    put_node("n1", "99.9", "99.9");
    put_job("web");
    put_alloc("a1", "web");
    EXPECT_THAT(due_ids(), IsEmpty()) << "nothing is known of it yet";
    end("a1", hours(500));
    auto status = record.get<wire::AllocStatus>("status/a1");
    status.tasks.push_back({});
    status.tasks[1].name = "other";
    status.tasks[1].phase = wire::TaskPhase::stopping;
    status.status = ClientStatus::failed;
    record.put("status/a1", status);
    EXPECT_THAT(due_ids(), IsEmpty()) << "it has failed, but something of it still ends";
}

TEST_F(CollectTest, ACompletedBatchAllocThatGoesIsNotRunAgain) {
    put_job("sum", 3);
    put_alloc("a0", "sum", 0);
    put_alloc("a2", "sum", 2);
    end("a0", hours(25));
    end("a2", hours(24 * 30), ClientStatus::failed);
    EXPECT_THAT(collect_all(), ElementsAre("a0", "a2"));
    EXPECT_TRUE(wire::is_finished(job("sum"), "front", 0));
    EXPECT_FALSE(wire::is_finished(job("sum"), "front", 1));
    EXPECT_THAT(job("sum").failed["front"], ElementsAre(2));
    // Who hears of it in order knows that the place is done before it is empty.
    EXPECT_EQ(written,
              "collected/a0 job/sum collected/a2 alloc/a0 order/a0 status/a0 recorded/a0 alloc/a2 order/a2 status/a2 "
              "recorded/a2 ");
}

TEST_F(CollectTest, AnAllocThatIsToBeReplacedGoesOnlyAfterItsSuccessorCame) {
    put_job("web", 1, wire::JobType::service);
    put_alloc("a1", "web");
    stop("a1");
    end("a1", hours(25));
    EXPECT_THAT(collect_all(), IsEmpty()) << "its successor is named after it";
    put_alloc("a2", "web");
    EXPECT_THAT(collect_all(), ElementsAre("a1"));
    EXPECT_TRUE(job("web").completed.empty());
    EXPECT_FALSE(wire::is_finished(job("web"), "front", 0));
}

TEST_F(CollectTest, AnAllocOfAnOlderSpecWaitsUntilItIsToldToStop) {
    put_job("sum");
    put_alloc("a1", "sum");
    end("a1", hours(25));
    change_job("sum", [](wire::JobDesired& job) { job.spec.groups[0].tasks[0].user = "nobody"; });
    EXPECT_THAT(collect_all(), IsEmpty());
    stop("a1");
    put_alloc("a2", "sum");
    EXPECT_THAT(collect_all(), ElementsAre("a1"));
    EXPECT_TRUE(job("sum").completed.empty()) << "the new spec is still to be done";
}

TEST_F(CollectTest, ABatchAllocThatCompletedWhileItWasDrainedHasDoneItsWork) {
    put_job("sum");
    put_alloc("a1", "sum");
    stop("a1", "node drains, the time for batch jobs is over");
    end("a1", hours(25));
    put_alloc("a2", "sum");
    EXPECT_THAT(collect_all(), ElementsAre("a1"));
    EXPECT_TRUE(wire::is_finished(job("sum"), "front", 0));
}

TEST_F(CollectTest, AnAllocThatIsToRunAgainStays) {
    put_job("sum");
    put_alloc("a1", "sum");
    end("a1", hours(25));
    wire::AllocOrder order;
    order.restart_all = 1;
    record.put("order/a1", order);
    EXPECT_THAT(collect_all(), IsEmpty());
    auto status = record.get<wire::AllocStatus>("status/a1");
    status.tasks[0].restart_all_order = 1;
    record.put("status/a1", status);
    EXPECT_THAT(collect_all(), ElementsAre("a1"));
}

TEST_F(CollectTest, AnAllocThatMayJustBeginAgainStaysUntilItsOwnerHasHeardOfIt) {
    put_job("sum");
    put_alloc("a1", "sum");
    end("a1", hours(25));
    wire::AllocOrder order;
    order.restart_all = 1;
    record.put("order/a1", order);
    change_job("sum", [](wire::JobDesired& job) { job.stopped = true; });
    EXPECT_THAT(collect_all(), IsEmpty());
    stop("a1", "job stopped");
    EXPECT_THAT(collect_all(), IsEmpty()) << "the stop may have crossed the order";
    auto status = record.get<wire::AllocStatus>("status/a1");
    status.tasks[0].restart_all_order = 1;
    record.put("status/a1", status);
    EXPECT_THAT(collect_all(), ElementsAre("a1"));
}

TEST_F(CollectTest, ANodeAndTheWholeKeepSoManyTheOldestGoFirstAndFailedOnesLast) {
    rules.node_max_allocs = 2;
    rules.max_allocs = 3;
    put_job("sum", 10);
    for (std::uint32_t i = 0; i < 4; ++i) {
        put_alloc("a" + std::to_string(i), "sum", i, "n1");
        end("a" + std::to_string(i), minutes(60 - i), i == 0 ? ClientStatus::failed : ClientStatus::complete);
    }
    EXPECT_THAT(due_ids(), ElementsAre("a1", "a2"));
    EXPECT_EQ(find_due()[0].why, "on node n1, 4 ended allocs are more than the 2 that are kept");
    put_alloc("b1", "sum", 8, "n2");
    put_alloc("b2", "sum", 9, "n2");
    end("b1", minutes(5));
    end("b2", minutes(4));
    EXPECT_THAT(due_ids(), ElementsAre("a1", "a2", "a3"));
    EXPECT_EQ(find_due()[2].why, "4 ended allocs are more than the 3 that are kept");
}

TEST_F(CollectTest, AFullDiskTakesSomeOfItsNodeAtATime) {
    rules.pressure_step = 2;
    put_job("sum", 10);
    for (std::uint32_t i = 0; i < 3; ++i) {
        put_alloc("a" + std::to_string(i), "sum", i, "n1");
        put_alloc("b" + std::to_string(i), "sum", i + 4, "n2");
        end("a" + std::to_string(i), minutes(60 - i));
        end("b" + std::to_string(i), minutes(60 - i));
    }
    put_node("n1", "84.9", "89.9");
    put_node("n2", "85.0", "10.0");
    EXPECT_THAT(due_ids(), ElementsAre("b0", "b1"));
    EXPECT_EQ(find_due()[0].why, "the disk of node n2 is 85% full; the limit is 85%");
    put_node("n1", "10.0", "93.2");
    put_node("n2", "10.0", "10.0");
    EXPECT_THAT(due_ids(), ElementsAre("a0", "a1"));
    EXPECT_THAT(find_due()[0].why, HasSubstr("has used 93% of its inodes"));
}

TEST_F(CollectTest, WhatIsKeptOfAnAllocSaysHowItEndedAndWhyItWent) {
    put_job("sum");
    put_alloc("a1", "sum");
    end("a1", hours(24 * 9), ClientStatus::failed);
    collect_all();
    const auto record_of = record.get<wire::CollectedAlloc>("collected/a1");
    EXPECT_EQ(record_of.job, "sum");
    EXPECT_EQ(record_of.status, ClientStatus::failed);
    EXPECT_EQ(record_of.tasks.at(0).exit->code, 3);
    EXPECT_EQ(record_of.tasks.at(0).last_output, "cannot bind");
    EXPECT_EQ(record_of.spec_hash.size(), 16U);
    EXPECT_EQ(record_of.ended_at, kCollectedAt - hours(24 * 9));
    EXPECT_EQ(record_of.collected_at, kCollectedAt);
}

TEST_F(CollectTest, ARoundTakesNoMoreThanItMay) {
    put_job("sum", 5);
    for (std::uint32_t i = 0; i < 5; ++i) {
        put_alloc("a" + std::to_string(i), "sum", i);
        end("a" + std::to_string(i), hours(30 + i));
    }
    EXPECT_THAT(collect_all(2), ElementsAre("a4", "a3"));
    EXPECT_THAT(collect_all(), ElementsAre("a2", "a1", "a0"));
}

TEST_F(CollectTest, APurgedJobGoesWhenNothingOfItRuns) {
    put_job("web", 3);
    for (std::uint32_t i = 0; i < 3; ++i) put_alloc("a" + std::to_string(i), "web", i);
    change_job("web", [](wire::JobDesired& job) { job.stopped = job.purge = true; });
    end("a0", minutes(1));
    end("a1", minutes(1));
    const auto purge_now = [this] {
        Draft draft(record);
        const Ids gone = purge(draft, census(), 2, kCollectedAt);
        record.commit(draft);
        return gone;
    };
    EXPECT_THAT(purge_now(), IsEmpty());
    EXPECT_TRUE(record.values.contains("alloc/a0"));
    end("a2", minutes(1));
    EXPECT_THAT(purge_now(), IsEmpty()) << "two at a time";
    EXPECT_THAT(purge_now(), ElementsAre("web"));
    Ids left;
    for (const auto& [key, value] : record.values) left.push_back(key);
    EXPECT_THAT(left, ElementsAre("collected/a0", "collected/a1", "collected/a2"));
    EXPECT_EQ(record.get<wire::CollectedAlloc>("collected/a2").reason, "its job was purged");
}

TEST_F(CollectTest, RecordsAreKeptUpToACountAndAnAge) {
    rules.max_records = 2;
    for (int i = 0; i < 4; ++i) {
        wire::CollectedAlloc one;
        one.collected_at = kCollectedAt - hours(24 * (i == 3 ? 31 : i));
        record.put("collected/a" + std::to_string(i), one);
    }
    EXPECT_THAT(expired_records(census(), rules, kCollectedAt), ElementsAre("collected/a3", "collected/a2"));
    rules.max_records = 10;
    EXPECT_THAT(expired_records(census(), rules, kCollectedAt), ElementsAre("collected/a3"));
}

// Whatever users and nodes do: nothing that runs is removed, and every place of a job that is wanted and was done keeps
// an alloc or is known to be done.
TEST_F(CollectTest, NoRandomHistoryLosesWhatCounts) {
    rules.max_allocs = 3;
    rules.node_max_allocs = 2;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        std::mt19937_64 random(seed);
        record = {};
        put_job("sum", 3);
        std::set<std::uint32_t> done;
        std::set<std::string> live;
        for (int step = 0; step < 60; ++step) {
            const auto index = static_cast<std::uint32_t>(random() % 3);
            const std::string id = "s" + std::to_string(step);
            if (random() % 3 == 0) collect_all(random() % 3);
            if (done.contains(index)) continue;
            std::string in_place;
            for (const std::string& one : live)
                if (record.get<wire::AllocDesired>("alloc/" + one).index == index) in_place = one;
            if (in_place.empty()) {
                put_alloc(id, "sum", index, "n" + std::to_string(random() % 2));
                live.insert(id);
            } else if (random() % 2 == 0) {
                stop(in_place);
                end(in_place, minutes(1), ClientStatus::complete);
                auto status = record.get<wire::AllocStatus>("status/" + in_place);
                status.tasks[0].exit->signal = 15;
                record.put("status/" + in_place, status);
                live.erase(in_place);
            } else {
                end(in_place, minutes(1));
                live.erase(in_place);
                done.insert(index);
            }
        }
        collect_all();
        const Census left = census();
        for (const std::string& id : live) EXPECT_TRUE(record.values.contains("alloc/" + id)) << seed;
        for (const std::uint32_t index : done) {
            bool kept_place = wire::is_finished(job("sum"), "front", index);
            for (const auto& [id, alloc] : left.allocs()) kept_place |= alloc.index == index && !alloc.stop;
            EXPECT_TRUE(kept_place) << seed << " " << index;
        }
    }
}

}  // namespace
}  // namespace drover::store
