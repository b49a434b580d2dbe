#include "alloc-runner/core/alloc.hpp"

#include <gtest/gtest.h>

namespace drover::alloc_runner {
namespace {

constexpr Instant kAllocNow{seconds(1'000'000).ns};

wire::AllocDesired alloc_of(std::size_t tasks) {
    wire::AllocDesired alloc;
    alloc.id = "4f1c000000000000";
    alloc.job = "web";
    alloc.node = "n1";
    alloc.group.name = "front";
    for (std::size_t i = 0; i < tasks; ++i) {
        wire::TaskSpec task;
        task.name = "t" + std::to_string(i);
        alloc.group.tasks.push_back(task);
    }
    return alloc;
}

// The node has nothing of it.
Observations nothing_of(const wire::AllocDesired& alloc) {
    Observations news;
    for (const wire::TaskSpec& task : alloc.group.tasks) news.emplace_back(task.name, nullptr);
    return news;
}

wire::TaskObserved seen(std::uint64_t term, wire::RunPhase phase) {
    wire::TaskObserved observed;
    observed.term = term;
    wire::IncarnationObserved one;
    one.seq = 1;
    one.phase = phase;
    observed.incarnations.push_back(one);
    return observed;
}

TEST(Alloc, ANewOwnerThatHasNotHeardOfARunYetDoesNotStopIt) {
    Alloc first(alloc_of(1), nullptr, {.term = 3});
    first.step(kAllocNow, Wanted{first.desired()});
    first.step(kAllocNow, nothing_of(first.desired()));
    const wire::TaskObserved running = seen(3, wire::RunPhase::running);
    first.step(kAllocNow, Observations{{"t0", &running}});
    ASSERT_TRUE(first.report());
    const wire::AllocStatus recorded = first.status();
    ASSERT_EQ(recorded.tasks[0].state, wire::TaskState::running);

    // Cut off while the run began, it still has the node's inventory of before.
    Alloc next(first.desired(), &recorded, {.term = 4});
    next.step(kAllocNow, Wanted{next.desired()});
    const AllocDecision blind = next.step(kAllocNow, nothing_of(next.desired()));
    ASSERT_EQ(blind.commands.size(), 1U);
    EXPECT_EQ(blind.commands[0].term, 4U) << "the node has to hear of the new owner";
    EXPECT_LT(blind.commands[0].seq, 1U) << "it stops a run that it cannot know of";
    EXPECT_EQ(next.status().tasks[0].state, wire::TaskState::running);

    const wire::TaskObserved acknowledged = seen(4, wire::RunPhase::running);
    const AllocDecision seeing = next.step(kAllocNow, Observations{{"t0", &acknowledged}});
    ASSERT_EQ(seeing.commands.size(), 1U);
    EXPECT_EQ(seeing.commands[0].verb, wire::Verb::run);
    EXPECT_EQ(seeing.commands[0].seq, 1U);

    // Only of what the node does not have in this term is the end concluded.
    wire::TaskObserved nothing;
    nothing.term = 4;
    next.step(kAllocNow, Observations{{"t0", &nothing}});
    ASSERT_TRUE(next.status().tasks[0].exit);
    EXPECT_EQ(next.status().tasks[0].exit->code, -1);
}

TEST(Alloc, EveryReportLeadsToTheStatusItCarries) {
    Alloc alloc(alloc_of(80), nullptr, {.term = 3});
    alloc.step(kAllocNow, Wanted{alloc.desired()});
    alloc.step(kAllocNow, nothing_of(alloc.desired()));
    std::map<std::string, std::uint64_t> told;
    std::uint64_t version = 0;
    int reports = 0;
    while (const wire::AllocReport* report = alloc.report()) {
        EXPECT_EQ(report->term, 3u);
        EXPECT_LE(report->events.size(), Outbox::kMaxEvents);
        for (const wire::TaskEvent& event : report->events) EXPECT_EQ(event.n, ++told[event.task]);
        ASSERT_TRUE(report->status.has_value());
        const wire::AllocStatus status = *report->status;
        EXPECT_GT(status.version, version);
        version = status.version;
        for (const wire::TaskStatus& task : status.tasks) EXPECT_EQ(task.events, told[task.name]);
        alloc.step(kAllocNow, Recorded{status});
        ++reports;
    }
    EXPECT_GE(reports, 3);
    for (const auto& [task, n] : told) EXPECT_EQ(n, 1u) << task;
}

TEST(Alloc, SaysACommandOnceUntilItChanges) {
    Alloc alloc(alloc_of(1), nullptr, {.term = 3});
    const AllocDecision first = alloc.step(kAllocNow, nothing_of(alloc.desired()));
    ASSERT_EQ(first.commands.size(), 1u);
    EXPECT_EQ(first.commands[0].term, 3u);
    EXPECT_EQ(first.commands[0].incarnation, incarnation_id("4f1c000000000000", "t0", 1));
    EXPECT_TRUE(alloc.step(kAllocNow, Wake{}).commands.empty());
    EXPECT_TRUE(alloc.step(kAllocNow, nothing_of(alloc.desired())).commands.empty());
}

TEST(Alloc, BoundsTheKillTimeoutByTheNodes) {
    wire::AllocDesired desired = alloc_of(1);
    desired.group.tasks[0].kill_timeout = hours(1);
    Alloc alloc(desired, nullptr, {.term = 1, .max_kill_timeout = seconds(30)});
    alloc.step(kAllocNow, nothing_of(desired));
    desired.desired = wire::Desired::stop;
    const AllocDecision decision = alloc.step(kAllocNow, Wanted{desired});
    ASSERT_EQ(decision.commands.size(), 1u);
    EXPECT_EQ(decision.commands[0].kill_timeout, seconds(30));
    ASSERT_EQ(decision.events.size(), 1u);
    EXPECT_EQ(decision.events[0].message, "Sent interrupt. Waiting 30s before force killing");
    EXPECT_EQ(decision.events[0].details.at("kill_timeout"), "30s");
}

TEST(Alloc, SaysThatItIsTooLateToBeginAgainRatherThanNothing) {
    wire::AllocDesired desired = alloc_of(1);
    desired.desired = wire::Desired::stop;
    Alloc alloc(desired, nullptr, {.term = 1});
    alloc.step(kAllocNow, Wanted{desired});
    alloc.step(kAllocNow, nothing_of(desired));
    wire::AllocOrder order;
    order.restart_all = 1;
    const AllocDecision decision = alloc.step(kAllocNow, Ordered{order});
    EXPECT_TRUE(decision.report_changed);
    EXPECT_EQ(alloc.status().tasks[0].restart_all_order, 1u) << "whoever wants to remove the alloc waits for this";
    EXPECT_TRUE(alloc.status().tasks[0].killed);
}

TEST(Alloc, ReleasesAnEndOnlyOnceItIsRecorded) {
    wire::AllocDesired desired = alloc_of(1);
    desired.type = wire::JobType::batch;
    Alloc alloc(desired, nullptr, {.term = 1});
    alloc.step(kAllocNow, nothing_of(desired));
    const wire::TaskObserved exited = seen(1, wire::RunPhase::exited);
    const AllocDecision ended = alloc.step(kAllocNow, Observations{{"t0", &exited}});
    ASSERT_EQ(ended.commands.size(), 1u);
    EXPECT_EQ(ended.commands[0].released, 0u);
    const wire::AllocStatus status = alloc.status();
    const AllocDecision recorded = alloc.step(kAllocNow, Recorded{status});
    ASSERT_EQ(recorded.commands.size(), 1u);
    EXPECT_EQ(recorded.commands[0].released, 1u);
    EXPECT_EQ(alloc.report(), nullptr);
}

TEST(Alloc, ATaskKeepsItsPlaceWhileItWaitsToRunAgain) {
    wire::AllocDesired desired = alloc_of(1);
    desired.group.restart = {.attempts = 1, .interval = hours(1), .delay = seconds(5), .mode = wire::RestartMode::fail};
    desired.group.ports["http"] = {8080};
    desired.group.tasks[0].resources.cpu = 1;
    Alloc alloc(desired, nullptr, {.term = 1});
    const AllocDecision started = alloc.step(kAllocNow, nothing_of(desired));
    ASSERT_EQ(started.commands.size(), 1u);
    EXPECT_EQ(started.commands[0].ports.at("http").number, 8080u);
    EXPECT_EQ(started.commands[0].alloc_resources.at("t0").cpu, 1);
    wire::TaskObserved exited = seen(1, wire::RunPhase::exited);
    exited.incarnations[0].exit.code = 1;
    exited.incarnations[0].ports["http"] = "192.0.2.7:8080";
    const AllocDecision waits = alloc.step(kAllocNow, Observations{{"t0", &exited}});
    ASSERT_EQ(waits.commands.size(), 1u);
    EXPECT_EQ(waits.commands[0].verb, wire::Verb::stop);
    EXPECT_TRUE(waits.commands[0].keep_place);
    EXPECT_EQ(alloc.status().tasks[0].ports.at("http"), "192.0.2.7:8080");
    alloc.step(kAllocNow + seconds(10), Wake{});
    exited.incarnations[0].seq = 2;
    const AllocDecision over = alloc.step(kAllocNow + seconds(11), Observations{{"t0", &exited}});
    ASSERT_EQ(over.commands.size(), 1u);
    EXPECT_EQ(over.commands[0].verb, wire::Verb::stop);
    EXPECT_FALSE(over.commands[0].keep_place);
}

TEST(Alloc, ConcludesNothingFromANodeThatListensToAnotherOwner) {
    Alloc alloc(alloc_of(1), nullptr, {.term = 5});
    alloc.step(kAllocNow, nothing_of(alloc.desired()));
    for (const std::uint64_t term : {4u, 6u}) {
        const wire::TaskObserved exited = seen(term, wire::RunPhase::exited);
        EXPECT_TRUE(alloc.step(kAllocNow, Observations{{"t0", &exited}}).events.empty());
    }
}

TEST(Alloc, HoldsStartsWhileTooManyRunsAreUnrecorded) {
    wire::AllocDesired desired = alloc_of(1);
    desired.group.restart = {.attempts = 1000, .interval = hours(1), .delay = {}, .mode = wire::RestartMode::fail};
    Alloc alloc(desired, nullptr, {.term = 1});
    alloc.step(kAllocNow, nothing_of(desired));
    wire::TaskObserved observed;
    observed.term = 1;
    Instant now = kAllocNow;
    for (int i = 0; i < 100; ++i) {
        now = now + seconds(1);
        const std::uint64_t seq = alloc.status().tasks[0].seq;
        if (observed.incarnations.empty() || observed.incarnations.back().seq != seq) {
            wire::IncarnationObserved one;
            one.seq = seq;
            one.phase = wire::RunPhase::exited;
            observed.incarnations.push_back(one);
        }
        alloc.step(now, Observations{{"t0", &observed}});
        alloc.step(now + milliseconds(1), Wake{});
    }
    EXPECT_LT(observed.incarnations.size(), 64u) << "fewer than a driver-manager keeps";
    EXPECT_EQ(alloc.status().tasks[0].why, "waits for the state-store to record its earlier runs");
    while (const wire::AllocReport* report = alloc.report()) {
        const wire::AllocStatus status = *report->status;
        alloc.step(now, Recorded{status});
    }
    observed.incarnations.clear();
    const AllocDecision next = alloc.step(now, Observations{{"t0", &observed}});
    ASSERT_EQ(next.commands.size(), 1u);
    EXPECT_EQ(next.commands[0].verb, wire::Verb::run);
}

TEST(Alloc, SummarizesItsTasks) {
    const auto status_of = [](std::vector<std::pair<wire::TaskState, bool>> states) {
        std::vector<wire::TaskStatus> tasks;
        for (const auto& [state, failed] : states) {
            tasks.emplace_back();
            tasks.back().state = state;
            tasks.back().failed = failed;
        }
        return summarize(tasks);
    };
    using wire::TaskState;
    using Summary = std::pair<ClientStatus, std::string>;
    EXPECT_EQ(status_of({{TaskState::running, false}, {TaskState::dead, true}}),
              Summary(ClientStatus::failed, "Failed tasks"));
    EXPECT_EQ(status_of({{TaskState::pending, false}, {TaskState::running, false}}),
              Summary(ClientStatus::running, "Tasks are running"));
    EXPECT_EQ(status_of({{TaskState::pending, false}, {TaskState::dead, false}}),
              Summary(ClientStatus::pending, "No tasks have started"));
    EXPECT_EQ(status_of({{TaskState::dead, false}, {TaskState::dead, false}}),
              Summary(ClientStatus::complete, "All tasks have completed"));
}

}  // namespace
}  // namespace drover::alloc_runner
