#include "alloc-runner/core/job.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

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
            views.push_back({&alloc, statuses.contains(id) ? &statuses.at(id) : nullptr, user_stopped.contains(id)});
        JobDecision decision = step(job, {7, nullptr}, now, desired, views, nodes);
        for (const wire::AllocDesired& alloc : decision.proposals) allocs[alloc.id] = alloc;
        return decision;
    }

    void end(const std::string& id, bool failed = false) {
        wire::TaskStatus task;
        task.phase = wire::TaskPhase::dead;
        task.failed = failed;
        statuses[id].tasks = {task};
    }
    // It did what it was there for.
    void complete(const std::string& id) {
        end(id);
        statuses[id].tasks[0].name = "server";
        statuses[id].tasks[0].exit = wire::ExitRecord{};
    }
    void drain(const std::string& node, Instant deadline = kNever) {
        nodes[node].order = wire::NodeOrder{node, false, true, deadline};
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
    std::set<std::string> user_stopped;
    Instant now = kNow;
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

TEST_F(JobCore, PlacesOnNodesThatMeetTheConstraintsAndSaysWhichIsNotMet) {
    add_node("n1");
    add_node("n2");
    nodes["n1"].status.node.attributes["os.name"] = "debian";
    desired.spec.groups[0].constraints = {{"os.name", "debian"}};
    const JobDecision first = look();
    ASSERT_EQ(first.proposals.size(), 2u);
    for (const wire::AllocDesired& alloc : first.proposals) EXPECT_EQ(alloc.node, "n1");
    allocs.clear();
    desired.spec.groups[0].constraints = {{"os.name", "!debian"}};
    EXPECT_EQ(look().proposals.at(0).node, "n2");
    allocs.clear();
    desired.spec.groups[0].constraints = {{"node.unique.id", "n3"}};
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_THAT(job.why["front"], HasSubstr("constraint node.unique.id: \"n3\" is not met, it is \"n1\""));
}

TEST_F(JobCore, WaitsForANodeAndSaysWhy) {
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_THAT(job.why["front"], HasSubstr("no node has joined yet"));
    add_node("n1", false);
    look();
    EXPECT_THAT(job.why["front"], HasSubstr("driver mock is unhealthy (no cgroups)"));
    nodes["n1"].status.node.drivers["mock"] = {false, false, "forbidden on this node"};
    look();
    EXPECT_THAT(job.why["front"], HasSubstr("driver mock is missing (forbidden on this node)"));
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

TEST_F(JobCore, ALostNodesAllocsMoveAsSoonAsAnotherNodeFitsAndAreStoppedWhenItReturns) {
    add_node("n1");
    desired.spec.groups[0].count = 1;
    const std::string old = look().proposals.at(0).id;
    nodes["n1"].status.state = wire::NodeState::down;
    nodes["n1"].status.since = now;
    now = now + minutes(2);
    EXPECT_TRUE(look().proposals.empty()) << "nowhere to go";
    EXPECT_THAT(job.why["front"], HasSubstr("is lost with its node, and cannot place group front"));
    add_node("n2");
    const JobDecision moved = look();
    ASSERT_EQ(moved.proposals.size(), 2u);
    EXPECT_EQ(moved.proposals[0].node, "n2");
    EXPECT_EQ(moved.proposals[1].id, old);
    EXPECT_EQ(moved.proposals[1].desired, Desired::stop);
    EXPECT_EQ(slot(), Slot::taken);
    EXPECT_TRUE(look().proposals.empty());
    add_node("n1");
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_EQ(slot(), Slot::stopping);
    end(old);
    look();
    EXPECT_EQ(slot(), Slot::taken);
}

TEST_F(JobCore, ANodeThatIsDownForAMomentKeepsItsAllocs) {
    add_node("n1");
    add_node("n2");
    look();
    nodes["n1"].status.state = wire::NodeState::down;
    nodes["n1"].status.since = now;
    now = now + seconds(59);
    EXPECT_TRUE(look().proposals.empty());
}

TEST_F(JobCore, OfTwoAllocsOfAPlaceTheOneOnALostNodeGoes) {
    add_node("n1");
    add_node("n2");
    desired.spec.groups[0].count = 1;
    const wire::AllocDesired first = look().proposals.at(0);
    nodes[first.node].status.state = wire::NodeState::down;
    nodes[first.node].status.since = now;
    now = now + minutes(2);
    look();
    allocs[first.id] = first;  // the word to stop it was not recorded
    const JobDecision again = look();
    ASSERT_EQ(again.proposals.size(), 1u);
    EXPECT_EQ(again.proposals[0].id, first.id);
    EXPECT_EQ(again.proposals[0].desired, Desired::stop);
}

TEST_F(JobCore, PlacesOnlyWhereThereIsRoomBesideWhatIsPlaced) {
    add_node("n1");
    nodes["n1"].status.node.cpu = 1;
    nodes["n1"].status.node.memory = 1 << 30;
    desired.spec.groups[0].tasks[0].resources.cpu = 0.75;
    EXPECT_EQ(look().proposals.size(), 1u);
    EXPECT_THAT(job.why["front"], HasSubstr("it asks for 0.75 cores, 0.25 of 1 are free"));
    EXPECT_EQ(slot(1), Slot::waiting);
    add_node("n2");
    nodes["n2"].status.node.cpu = 4;
    const JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 1u);
    EXPECT_EQ(decision.proposals[0].node, "n2");
}

TEST_F(JobCore, GivesAStaticPortToOneAllocOfANode) {
    add_node("n1");
    desired.spec.groups[0].ports["http"].number = 8080;
    EXPECT_EQ(look().proposals.size(), 1u);
    EXPECT_THAT(job.why["front"], HasSubstr("port 8080 is taken by another alloc"));
    add_node("n2");
    EXPECT_EQ(look().proposals.size(), 1u);
}

TEST_F(JobCore, AsksForDevicesOnlyWhereTheyAre) {
    add_node("n1");
    add_node("n2");
    nodes["n2"].status.node.devices = {{"nvidia", "gpu", "T4", {{"a", true, "", ""}}, {}}};
    desired.spec.groups[0].tasks[0].resources.devices["nvidia/gpu"] = 1;
    const JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 1u);
    EXPECT_EQ(decision.proposals[0].node, "n2");
    EXPECT_THAT(job.why["front"], HasSubstr("it asks for 1 nvidia/gpu, 0 are free and healthy"));
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

TEST_F(JobCore, AStopThatSkipsTheShutdownDelayReachesAlsoWhatIsOnItsWayOut) {
    add_node("n1");
    look();
    desired.stopped = true;
    ASSERT_EQ(look().proposals.size(), 2u);
    EXPECT_TRUE(look().proposals.empty());
    desired.no_shutdown_delay = true;
    const JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 2u);
    EXPECT_EQ(decision.proposals[0].desired, Desired::stop);
    EXPECT_TRUE(decision.proposals[0].no_shutdown_delay);
    EXPECT_TRUE(look().proposals.empty());
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

TEST_F(JobCore, AnIneligibleOrDrainingNodeGetsNoNewAlloc) {
    add_node("n1");
    add_node("n2");
    nodes["n1"].order = wire::NodeOrder{"n1", false, false, {}};
    JobDecision decision = look();
    ASSERT_EQ(decision.proposals.size(), 2u);
    EXPECT_EQ(decision.proposals[0].node, "n2");
    EXPECT_EQ(decision.proposals[1].node, "n2");
    nodes["n1"].order->eligible = true;
    drain("n2");
    ++desired.version;
    desired.spec.groups[0].count = 3;
    look();
    for (const auto& [id, alloc] : allocs) EXPECT_TRUE(alloc.node == "n2" ? alloc.desired == Desired::stop : true);
}

TEST_F(JobCore, AServiceLeavesADrainingNodeAndComesUpElsewhere) {
    add_node("n1");
    look();
    add_node("n2");
    drain("n1");
    const JobDecision stops = look();
    ASSERT_EQ(stops.proposals.size(), 2u);
    EXPECT_EQ(stops.proposals[0].desired, Desired::stop);
    EXPECT_EQ(stops.proposals[0].reason, "node drains");
    EXPECT_TRUE(look().proposals.empty()) << "said once, and not started elsewhere before the old one has ended";
    end_all();
    const JobDecision moved = look();
    ASSERT_EQ(moved.proposals.size(), 2u);
    for (const wire::AllocDesired& alloc : moved.proposals) {
        EXPECT_EQ(alloc.node, "n2");
        EXPECT_EQ(alloc.desired, Desired::run);
    }
    EXPECT_TRUE(look().proposals.empty());
}

TEST_F(JobCore, ADrainedServiceWaitsForAnotherNodeAndSaysWhy) {
    add_node("n1");
    look();
    drain("n1");
    look();
    end_all();
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_EQ(slot(), Slot::waiting);
    EXPECT_THAT(job.why["front"], HasSubstr("none of 1 nodes fits: draining"));
    nodes["n1"].order->drain = false;
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_THAT(job.why["front"], HasSubstr("not eligible"));
    nodes["n1"].order->eligible = true;
    EXPECT_EQ(look().proposals.size(), 2u);
    EXPECT_EQ(slot(), Slot::taken);
}

TEST_F(JobCore, BatchWorkMayFinishUntilTheDeadline) {
    desired.spec.type = wire::JobType::batch;
    add_node("n1");
    look();
    drain("n1", kNow + hours(1));
    EXPECT_TRUE(look().proposals.empty());
    complete(allocs.begin()->first);
    now = kNow + hours(1);
    const JobDecision stops = look();
    ASSERT_EQ(stops.proposals.size(), 1u) << "what has ended stays";
    EXPECT_THAT(stops.proposals[0].reason, HasSubstr("the time for batch jobs is over"));
    add_node("n2");
    end(stops.proposals[0].id);
    EXPECT_EQ(look().proposals.size(), 1u);
}

TEST_F(JobCore, BatchWorkThatCompletesWhileItIsDrainedIsNotRunAgain) {
    desired.spec.type = wire::JobType::batch;
    add_node("n1");
    add_node("n2");
    look();
    drain("n1", kNow);
    drain("n2", kNow);
    ASSERT_EQ(look().proposals.size(), 2u);
    for (const auto& [id, alloc] : allocs) complete(id);
    nodes["n2"].order.reset();
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_EQ(slot(), Slot::taken);
    ++desired.version;
    desired.spec.groups[0].tasks[0].env["A"] = "B";
    EXPECT_EQ(look().proposals.size(), 2u) << "other work is other work";
}

TEST_F(JobCore, ARevivedBatchJobRunsAgainThoughItWasCompletedInADrain) {
    desired.spec.type = wire::JobType::batch;
    desired.spec.groups[0].count = 1;
    add_node("n1");
    look();
    drain("n1", kNow);
    look();
    complete(allocs.begin()->first);
    EXPECT_TRUE(look().proposals.empty());
    desired.stopped = true;
    EXPECT_EQ(look().proposals.at(0).reason, "job stopped");
    EXPECT_TRUE(look().proposals.empty());
    nodes["n1"].order.reset();
    desired.stopped = false;
    ++desired.version;
    EXPECT_EQ(look().proposals.size(), 1u);
}

TEST_F(JobCore, WhatAUserStoppedIsNotMovedByADrain) {
    add_node("n1");
    look();
    add_node("n2");
    user_stopped.insert(allocs.begin()->first);
    drain("n1");
    EXPECT_EQ(look().proposals.size(), 1u);
}

TEST_F(JobCore, APlaceWhoseAllocWasRemovedAfterItsEndIsNotFilledAgain) {
    add_node("n1");
    look();
    for (const auto& [id, alloc] : allocs) complete(id);
    allocs.clear();
    statuses.clear();
    desired.completed["front"] = {0};
    desired.failed["front"] = {1};
    EXPECT_TRUE(look().proposals.empty());
    EXPECT_EQ(slot(0), Slot::taken);
    desired.failed.clear();
    EXPECT_EQ(look().proposals.size(), 1u);
}

TEST_F(JobCore, AnAllocTakesTheMetaAndThePayloadOfItsJob) {
    add_node("n1");
    desired.spec.meta["team"] = "red";
    desired.spec.payload = "input";
    JobDecision decision = look();
    EXPECT_EQ(decision.proposals.at(0).meta.at("team"), "red");
    EXPECT_EQ(decision.proposals.at(0).payload, "") << "no task takes it";
    ++desired.version;
    desired.spec.groups[0].tasks[0].payload_file = "in.dat";
    look();
    end_all();
    decision = look();
    EXPECT_EQ(decision.proposals.at(0).payload, "input");
    ++desired.version;
    desired.spec.payload = "other";
    EXPECT_EQ(look().proposals.size(), 2u) << "another payload is other work";
}

// Drains, their ends, deadlines, ends of allocs and removals in any order.
TEST_F(JobCore, NoRandomDrainRunsTooMuchOrWorkTwiceOrUsesAnIdTwice) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        std::mt19937_64 random(seed);
        const bool batch = seed % 2 == 0;
        desired = {};
        desired.uid = "uid";
        desired.version = 1;
        desired.spec.name = "web";
        desired.spec.type = batch ? wire::JobType::batch : wire::JobType::service;
        desired.spec.groups.resize(1);
        desired.spec.groups[0].name = "front";
        desired.spec.groups[0].count = 2;
        desired.spec.groups[0].tasks.push_back(task_of("mock"));
        job = {};
        nodes.clear();
        allocs.clear();
        statuses.clear();
        now = kNow;
        std::set<std::string> ids;
        std::set<std::uint32_t> done;
        for (const char* id : {"n1", "n2", "n3"}) add_node(id);
        for (int step = 0; step < 80; ++step) {
            now = now + minutes(static_cast<std::int64_t>(random() % 20));
            const std::string node = "n" + std::to_string(random() % 3 + 1);
            if (random() % 4 == 0) drain(node, random() % 2 == 0 ? kNever : now + minutes(30));
            if (random() % 4 == 0) nodes[node].order = wire::NodeOrder{node, random() % 2 == 0, false, {}};
            for (const wire::AllocDesired& alloc : look().proposals) {
                if (alloc.desired == Desired::stop) {
                    EXPECT_TRUE(nodes[alloc.node].order->drain) << seed;
                    EXPECT_TRUE(!batch || nodes[alloc.node].order->deadline <= now) << seed;
                    continue;
                }
                EXPECT_TRUE(ids.insert(alloc.id).second) << seed << ": the id of another alloc again";
                EXPECT_TRUE(!nodes[alloc.node].order || nodes[alloc.node].order->eligible) << seed;
                EXPECT_FALSE(done.contains(alloc.index)) << seed << ": work that was done";
            }
            EXPECT_TRUE(look().proposals.empty()) << seed << ": the same question has no new answer";
            std::map<std::uint32_t, int> live;
            for (const auto& [id, alloc] : allocs) live[alloc.index] += statuses.contains(id) ? 0 : 1;
            for (const auto& [index, count] : live) EXPECT_LE(count, 1) << seed;
            for (const auto& [id, alloc] : allocs) {
                if (statuses.contains(id) || random() % 3 != 0) continue;
                if (batch && random() % 3 == 0) {
                    complete(id);
                    done.insert(alloc.index);
                } else if (alloc.desired == Desired::stop) {
                    end(id);
                }
            }
            // What the store may remove: of a place anything that ended but the newest.
            for (auto it = allocs.begin(); it != allocs.end();) {
                const bool newest = std::none_of(allocs.begin(), allocs.end(), [&it](const auto& other) {
                    return other.second.index == it->second.index && other.second.created_at > it->second.created_at;
                });
                it = !newest && statuses.contains(it->first) && random() % 2 == 0 ? allocs.erase(it) : std::next(it);
            }
        }
    }
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
