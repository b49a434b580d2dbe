#include "alloc-runner/core/job.hpp"

#include <gmock/gmock.h>

#include "alloc-runner/core/ownership.hpp"

namespace drover::alloc_runner {
namespace {

using testing::HasSubstr;
using wire::Desired;

constexpr Instant kNow{seconds(1'000'000).ns};

wire::TaskSpec task_of(const std::string& driver) {
    wire::TaskSpec task;
    task.name = "server";
    task.driver = driver;
    return task;
}

// A job, its store and its nodes: what is proposed is recorded at once.
class JobCore : public testing::Test {
   protected:
    JobCore() {
        desired.uid = "uid";
        desired.version = 1;
        desired.spec.name = "web";
        wire::GroupSpec group;
        group.name = "front";
        group.count = 2;
        group.tasks.push_back(task_of("mock"));
        desired.spec.groups.push_back(group);
    }

    void add_node(const std::string& id, bool healthy = true) {
        wire::NodeStatus node;
        node.node.id = id;
        node.node.drivers["mock"] = {true, healthy, healthy ? "" : "no cgroups"};
        nodes[id].status = node;
    }

    JobDecision look() {
        std::vector<AllocView> views;
        for (const auto& [id, alloc] : allocs)
            views.push_back({&alloc, statuses.contains(id) ? &statuses.at(id) : nullptr});
        JobDecision decision = step(job, {7, nullptr}, kNow, desired, views, nodes);
        for (const wire::AllocDesired& alloc : decision.proposals) allocs[alloc.id] = alloc;
        return decision;
    }

    void end(const std::string& id, bool failed = false) {
        wire::TaskStatus task;
        task.phase = wire::TaskPhase::dead;
        task.failed = failed;
        statuses[id].tasks = {task};
    }
    void end_all() {
        for (const auto& [id, alloc] : allocs) end(id);
    }

    Slot slot(std::uint32_t index = 0) { return job.slots[{"front", index}]; }

    wire::JobDesired desired;
    Job job;
    Nodes nodes;
    std::map<std::string, wire::AllocDesired> allocs;
    std::map<std::string, wire::AllocStatus> statuses;
};

TEST_F(JobCore, ProposesAnAllocForEveryIndexOnce) {
    add_node("n1");
    const JobDecision first = look();
    ASSERT_EQ(first.proposals.size(), 2u);
    EXPECT_EQ(first.proposals[0].node, "n1");
    EXPECT_EQ(first.proposals[0].term, 7u);
    EXPECT_EQ(first.proposals[1].index, 1u);
    EXPECT_TRUE(look().proposals.empty());
}

TEST_F(JobCore, NamesTheSameAllocsInEveryProcess) {
    add_node("n1");
    const JobDecision first = look();
    job = {};
    allocs.clear();
    const JobDecision second = look();
    ASSERT_EQ(second.proposals.size(), 2u);
    EXPECT_EQ(first.proposals[0].id, second.proposals[0].id);
    EXPECT_NE(first.proposals[0].id, first.proposals[1].id);
}

TEST_F(JobCore, SpreadsOverTheNodes) {
    add_node("n1");
    add_node("n2");
    const JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 2u);
    EXPECT_NE(decision.proposals[0].node, decision.proposals[1].node);
}

TEST_F(JobCore, WaitsForANodeAndSaysWhy) {
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_THAT(job.why["front"], HasSubstr("no node has joined yet"));
    add_node("n1", false);
    look();
    EXPECT_THAT(job.why["front"], HasSubstr("driver mock is unhealthy (no cgroups)"));
    nodes["n1"].status.node.drivers.clear();
    look();
    EXPECT_THAT(job.why["front"], HasSubstr("driver mock is missing"));
    nodes["n1"].status.state = wire::NodeState::down;
    nodes["n1"].status.why = "silent for 15s";
    look();
    EXPECT_THAT(job.why["front"], HasSubstr("down (silent for 15s)"));
    EXPECT_EQ(slot(), Slot::waiting);
    add_node("n1");
    const JobDecision decision = look();
    EXPECT_EQ(decision.proposals.size(), 2u);
    EXPECT_TRUE(decision.why_changed);
    EXPECT_TRUE(job.why.empty());
}

TEST_F(JobCore, StopsTheAllocsOfAStoppedJob) {
    add_node("n1");
    look();
    desired.stopped = true;
    const JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 2u);
    EXPECT_EQ(decision.proposals[0].desired, Desired::stop);
    EXPECT_EQ(decision.proposals[0].reason, "job stopped");
    EXPECT_EQ(slot(), Slot::stopping);
    end_all();
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_EQ(slot(), Slot::empty);
}

TEST_F(JobCore, AChangedGroupIsReplacedOnlyAfterItsOldAllocHasEnded) {
    add_node("n1");
    look();
    ++desired.version;
    desired.spec.groups[0].tasks[0].env["A"] = "B";
    const JobDecision stops = look();
    ASSERT_EQ(stops.proposals.size(), 2u);
    EXPECT_EQ(stops.proposals[0].reason, "replaced by version 2 of the job");
    EXPECT_TRUE(look().proposals.empty());
    end(stops.proposals[0].id);
    const JobDecision next = look();
    ASSERT_EQ(next.proposals.size(), 1u);
    EXPECT_EQ(next.proposals[0].desired, Desired::run);
    EXPECT_EQ(next.proposals[0].job_version, 2u);
    EXPECT_NE(next.proposals[0].id, stops.proposals[0].id);
}

TEST_F(JobCore, AnUnchangedGroupKeepsItsAllocsThroughANewVersion) {
    add_node("n1");
    look();
    ++desired.version;
    wire::GroupSpec other;
    other.name = "back";
    other.tasks.push_back(task_of("mock"));
    desired.spec.groups.push_back(other);
    const JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 1u);
    EXPECT_EQ(decision.proposals[0].group.name, "back");
}

TEST_F(JobCore, ScalingTouchesOnlyWhatIsTooMuchOrMissing) {
    add_node("n1");
    look();
    ++desired.version;
    desired.spec.groups[0].count = 1;
    const JobDecision less = look();
    ASSERT_EQ(less.proposals.size(), 1u);
    EXPECT_EQ(less.proposals[0].index, 1u);
    EXPECT_EQ(less.proposals[0].reason, "no longer part of the job");
    end(less.proposals[0].id);
    ++desired.version;
    desired.spec.groups[0].count = 3;
    EXPECT_EQ(look().proposals.size(), 2u);
}

TEST_F(JobCore, APlaceThatGotTwoAllocsKeepsTheOlder) {
    add_node("n1");
    desired.spec.groups[0].count = 1;
    const JobDecision first = look();
    wire::AllocDesired late = first.proposals.at(0);
    late.id = "late";
    ++late.job_version;
    allocs["late"] = late;
    const JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 1u);
    EXPECT_EQ(decision.proposals[0].id, "late");
    EXPECT_EQ(decision.proposals[0].reason, "its place is taken");
    end("late");
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_EQ(slot(), Slot::taken);
}

TEST_F(JobCore, WhatHasEndedIsNotRunAgain) {
    add_node("n1");
    look();
    end(allocs.begin()->first);
    end(std::next(allocs.begin())->first, true);
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_EQ(slot(), Slot::taken);
}

TEST_F(JobCore, ARevivedJobRunsAgain) {
    add_node("n1");
    look();
    desired.stopped = true;
    look();
    end_all();
    look();
    desired.stopped = false;
    ++desired.version;
    EXPECT_EQ(look().proposals.size(), 2u);
    EXPECT_EQ(slot(), Slot::taken);
}

TEST(Ownership, EveryJobHasOneOwnerAndFewMoveWhenOneLeaves) {
    wire::Members members;
    EXPECT_EQ(owner("web", members), nullptr);
    for (const char* id : {"ar-0", "ar-1", "ar-2"}) members.alloc_runners.push_back({id, "b"});
    wire::Members fewer = members;
    fewer.alloc_runners.pop_back();
    std::map<std::string, int> jobs_of;
    for (int i = 0; i < 300; ++i) {
        const std::string job = "job" + std::to_string(i);
        const std::string before = owner(job, members)->id;
        ++jobs_of[before];
        if (before != "ar-2") {
            EXPECT_EQ(owner(job, fewer)->id, before);
        }
    }
    for (const auto& [id, jobs] : jobs_of) EXPECT_GT(jobs, 50) << id;
}

}  // namespace
}  // namespace drover::alloc_runner
