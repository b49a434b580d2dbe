#include "state-store/core/reports.hpp"

#include <gtest/gtest.h>

#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

class ReportsTest : public testing::Test {
   protected:
    void SetUp() override {
        wire::JobDesired job;
        job.spec = test_job("web");
        job.version = 1;
        record.put("job/web", job);
    }

    // In the generation of its term, unless said otherwise.
    bool propose(const wire::AllocDesired& alloc) { return propose(alloc, alloc.term); }
    bool propose(const wire::AllocDesired& alloc, std::uint64_t generation) {
        Draft draft(record);
        const auto ok = record_proposal(draft, alloc, generation, complete_since);
        error = ok ? "" : ok.error().message;
        written = record.commit(draft);
        return ok.has_value();
    }
    bool report(const wire::AllocReport& what) { return report(what, what.term); }
    bool report(const wire::AllocReport& what, std::uint64_t generation) {
        Draft draft(record);
        const auto ok = record_report(draft, what, generation);
        error = ok ? "" : ok.error().message;
        written = record.commit(draft);
        return ok.has_value();
    }
    // Events n of `task`; status version 0: none.
    static wire::AllocReport make(std::uint64_t term, std::vector<std::uint64_t> events, std::uint64_t version = 0) {
        wire::AllocReport out;
        out.alloc = "a1";
        out.term = term;
        for (const std::uint64_t n : events) out.events.push_back(test_event("web", "a1", "server", n));
        if (version == 0) return out;
        out.status.emplace();
        out.status->id = "a1";
        out.status->job = "web";
        out.status->term = term;
        out.status->version = version;
        out.status->tasks.resize(1);
        out.status->tasks[0].name = "server";
        out.status->tasks[0].events = events.empty() ? 0 : events.back();
        return out;
    }
    wire::AllocRecorded recorded() const { return record.get<wire::AllocRecorded>("recorded/a1"); }
    std::size_t events() const { return TestLog(record, kEventSpace).size(); }

    TestRecord record;
    Instant complete_since;  // for ever
    std::string written, error;
};

TEST_F(ReportsTest, AnAllocStaysWhatAndWhereItWasRecorded) {
    const wire::AllocDesired first = test_alloc("a1", "web", 1);
    ASSERT_TRUE(propose(first));
    wire::AllocDesired other = first;
    other.node = "node-2";
    other.created_at = first.created_at + seconds(1);
    EXPECT_TRUE(propose(other)) << "proposed before it was heard that the first is recorded";
    EXPECT_EQ(written, "");
    other.desired = wire::Desired::stop;
    other.reason = "node drains";
    EXPECT_TRUE(propose(other));
    wire::AllocDesired stopped = first;
    stopped.desired = wire::Desired::stop;
    stopped.reason = "node drains";
    EXPECT_EQ(record.get<wire::AllocDesired>("alloc/a1"), stopped);
    EXPECT_TRUE(propose(first));
    EXPECT_EQ(record.get<wire::AllocDesired>("alloc/a1"), stopped) << "what should stop does not run again";
}

TEST_F(ReportsTest, ANewAllocIsOfTheJobAsItIsNow) {
    wire::JobDesired job = record.get<wire::JobDesired>("job/web");
    job.version = 2;
    job.completed["front"] = {0};
    record.put("job/web", job);
    EXPECT_FALSE(propose(test_alloc("a1", "web", 1)));
    EXPECT_NE(error.find("it is of version 1"), std::string::npos) << error;
    wire::AllocDesired alloc = test_alloc("a1", "web", 1);
    alloc.job_version = 2;
    EXPECT_FALSE(propose(alloc));
    EXPECT_NE(error.find("the work of its place was done"), std::string::npos) << error;
    alloc.index = 1;
    record.put("collected/a1", wire::CollectedAlloc{});
    EXPECT_FALSE(propose(alloc)) << "a removed alloc does not come back";
    alloc.id = "a2";
    EXPECT_TRUE(propose(alloc)) << error;
    alloc.id = "a3";
    alloc.desired = wire::Desired::stop;
    EXPECT_FALSE(propose(alloc)) << "what is not known need not be stopped";
    job.stopped = true;
    record.put("job/web", job);
    alloc.desired = wire::Desired::run;
    EXPECT_FALSE(propose(alloc));
}

TEST_F(ReportsTest, AProposedAllocIsRecorded) {
    EXPECT_TRUE(propose(test_alloc("a1", "web", 3))) << error;
    EXPECT_EQ(record.get<wire::AllocDesired>("alloc/a1"), test_alloc("a1", "web", 3));
    EXPECT_TRUE(propose(test_alloc("a1", "web", 3)));
    EXPECT_EQ(written, "");
    wire::AllocDesired stopped = test_alloc("a1", "web", 3);
    stopped.desired = wire::Desired::stop;
    EXPECT_TRUE(propose(stopped));
    EXPECT_EQ(record.get<wire::AllocDesired>("alloc/a1"), stopped);
}

TEST_F(ReportsTest, AProposalNeedsItsJobAndAnId) {
    EXPECT_FALSE(propose(test_alloc("a1", "other", 3)));
    EXPECT_NE(error.find("no job \"other\""), std::string::npos);
    EXPECT_FALSE(propose(test_alloc("a/1", "web", 3)));
    EXPECT_FALSE(propose(test_alloc("", "web", 3)));
    EXPECT_TRUE(propose(test_alloc("a1", "web", 3)));
    wire::JobDesired job;
    job.spec = test_job("other");
    record.put("job/other", job);
    EXPECT_FALSE(propose(test_alloc("a1", "other", 4)));
}

TEST_F(ReportsTest, AnOlderTermIsRefusedOnceANewerOneHasSpoken) {
    EXPECT_TRUE(propose(test_alloc("a1", "web", 5)));
    EXPECT_FALSE(propose(test_alloc("a1", "web", 4)));
    EXPECT_NE(error.find("its term 4 is older than the recorded 5"), std::string::npos) << error;
    EXPECT_FALSE(report(make(4, {1}, 1)));
    EXPECT_TRUE(report(make(6, {1}, 1))) << error;
    EXPECT_FALSE(report(make(5, {2}, 2)));
    EXPECT_FALSE(propose(test_alloc("a1", "web", 5)));
    EXPECT_EQ(events(), 1U);
}

TEST_F(ReportsTest, ATermFromNowhereIsRefused) {
    EXPECT_FALSE(propose(test_alloc("a1", "web", 10), 9));
    EXPECT_NE(error.find("above the members' generation 9"), std::string::npos) << error;
    EXPECT_TRUE(propose(test_alloc("a1", "web", 9), 9));
    EXPECT_FALSE(report(make(10, {1}), 9));
}

TEST_F(ReportsTest, NothingOfAnOlderGenerationIsRecordedOnceANewOneIsGranted) {
    EXPECT_TRUE(propose(test_alloc("a1", "web", 5)));
    EXPECT_TRUE(report(make(5, {1}, 1)));
    EXPECT_FALSE(report(make(5, {1, 2}, 2), 6));
    EXPECT_NE(error.find("its term 5 is older than the members' generation 6"), std::string::npos) << error;
    EXPECT_FALSE(propose(test_alloc("a1", "web", 5), 6));
    EXPECT_EQ(events(), 1U);
}

TEST_F(ReportsTest, EventsStatusAndConfirmationAreOneCommit) {
    propose(test_alloc("a1", "web", 3));
    EXPECT_TRUE(report(make(3, {1, 2}, 1))) << error;
    EXPECT_EQ(written, event_key("web", "a1", "server", 1) + " " + event_key("web", "a1", "server", 2) +
                           " status/a1 recorded/a1 ");
    EXPECT_EQ(recorded().term, 3U);
    EXPECT_EQ(recorded().version, 1U);
    EXPECT_EQ(recorded().events, (std::map<std::string, std::uint64_t>{{"server", 2}}));
}

TEST_F(ReportsTest, AReportSaidAgainChangesNothing) {
    propose(test_alloc("a1", "web", 3));
    report(make(3, {1, 2}, 1));
    EXPECT_TRUE(report(make(3, {1, 2}, 1)));
    EXPECT_EQ(written, "");
    EXPECT_TRUE(report(make(3, {2, 3}, 2)));
    EXPECT_EQ(written, event_key("web", "a1", "server", 3) + " status/a1 recorded/a1 ");
}

TEST_F(ReportsTest, AHoleInTheEventsStopsThemAndTheStatus) {
    propose(test_alloc("a1", "web", 3));
    report(make(3, {1}, 1));
    EXPECT_TRUE(report(make(3, {3, 4}, 2)));
    EXPECT_EQ(written, "");
    EXPECT_TRUE(report(make(3, {2, 4}, 2)));
    EXPECT_EQ(recorded().events.at("server"), 2U);
    EXPECT_EQ(recorded().version, 1U);
    EXPECT_TRUE(report(make(3, {2, 3, 4}, 2)));
    EXPECT_EQ(recorded().events.at("server"), 4U);
    EXPECT_EQ(recorded().version, 2U);
}

TEST_F(ReportsTest, EventsTravelInTurnsAndTheStatusComesWithTheLast) {
    propose(test_alloc("a1", "web", 3));
    EXPECT_TRUE(report(make(3, {1, 2, 3})));
    EXPECT_EQ(recorded().version, 0U);
    EXPECT_TRUE(report(make(3, {4, 5}, 1)));
    EXPECT_EQ(recorded().version, 1U);
    EXPECT_EQ(events(), 5U);
}

TEST_F(ReportsTest, AnOlderStatusDoesNotReplaceANewerOne) {
    propose(test_alloc("a1", "web", 3));
    report(make(4, {1}, 7));
    EXPECT_TRUE(report(make(4, {1}, 6)));
    EXPECT_EQ(recorded().version, 7U);
    EXPECT_TRUE(report(make(5, {1}, 2)));
    EXPECT_EQ(recorded().term, 5U);
    EXPECT_EQ(record.get<wire::AllocStatus>("status/a1").version, 2U);
}

TEST_F(ReportsTest, AReportOfAnotherAllocsThingsIsRefused) {
    propose(test_alloc("a1", "web", 3));
    wire::AllocReport foreign = make(3, {1}, 1);
    foreign.events[0].task = "nobody";
    EXPECT_FALSE(report(foreign));
    foreign = make(3, {1}, 1);
    foreign.events[0].job = "other";
    EXPECT_FALSE(report(foreign));
    foreign = make(3, {1}, 1);
    foreign.status->id = "a2";
    EXPECT_FALSE(report(foreign));
    foreign = make(3, {1}, 1);
    foreign.alloc = "a2";
    EXPECT_FALSE(report(foreign));
    EXPECT_EQ(written, "");
}

TEST_F(ReportsTest, AnAllocThatALossTookIsRecordedAgainWhateverBecameOfItsJob) {
    complete_since = Instant{1000};
    wire::AllocDesired alloc = test_alloc("a1", "web", 3);
    alloc.created_at = Instant{999};
    alloc.job_version = 7;
    EXPECT_TRUE(propose(alloc)) << error << ": its owner stops it if it should not run any more";
    alloc.id = "a2";
    alloc.job = "gone";
    EXPECT_TRUE(propose(alloc)) << error;
    EXPECT_EQ(record.get<wire::AllocDesired>("alloc/a2"), alloc);
    alloc.id = "a3";
    alloc.created_at = complete_since;
    EXPECT_FALSE(propose(alloc)) << "the job of whatever is newer would be known";
    EXPECT_EQ(error, "a proposal for alloc \"a3\" was refused: there is no job \"gone\"");
    alloc.created_at = Instant{999};
    alloc.job = "not/a name";
    EXPECT_FALSE(propose(alloc));
}

TEST_F(ReportsTest, WhatASalvageLostIsContinuedFromWhatIsLeft) {
    propose(test_alloc("a1", "web", 3));
    report(make(3, {1, 2}, 4));
    record.values.erase("recorded/a1");
    EXPECT_TRUE(report(make(3, {2, 3}, 5)));
    EXPECT_EQ(recorded().events.at("server"), 3U);
    EXPECT_EQ(recorded().version, 5U);
    record.values.erase("recorded/a1");
    record.values.erase("status/a1");
    EXPECT_TRUE(report(make(3, {9, 10}, 6)));
    EXPECT_EQ(recorded().events.at("server"), 10U);
    EXPECT_EQ(recorded().version, 6U);
}

}  // namespace
}  // namespace drover::store
