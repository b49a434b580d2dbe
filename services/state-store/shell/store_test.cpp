#include "state-store/shell/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state-store/core/keys.hpp"
#include "state-store/shell/store_test.hpp"

namespace drover::store {
namespace {

using testing::HasSubstr;

TEST_F(StoreTest, ASubmitIsAnsweredAndToldToEverybody) {
    start();
    const wire::Answer answer = ask(submit("r1", "web"));
    EXPECT_TRUE(answer.ok) << answer.message;
    EXPECT_EQ(answer.index, 1U);
    ASSERT_TRUE(until([&] { return state<wire::JobDesired>("job/web").has_value(); }));
    EXPECT_EQ(state<wire::JobDesired>("job/web")->uid.size(), 16U);
}

TEST_F(StoreTest, ARemovedVariableIsGoneForEverybody) {
    start();
    wire::Request put;
    put.id = "v1";
    put.ask = wire::Ask::variable_put;
    put.variable = wire::VariableDesired{"db/main", 0, {{"user", {"app", ""}}}, {}};
    EXPECT_EQ(ask(put).index, 1U);
    ASSERT_TRUE(until([&] { return state<wire::VariableDesired>("variable/db/main").has_value(); }));
    wire::Request remove;
    remove.id = "v2";
    remove.ask = wire::Ask::variable_remove;
    remove.path = "db/main";
    EXPECT_TRUE(ask(remove).ok);
    EXPECT_TRUE(until([&] { return !state<wire::VariableDesired>("variable/db/main").has_value(); }));
}

TEST_F(StoreTest, EveryRequestIsAnsweredOnceOverALossyBusAndOverRestarts) {
    network.set_faults({.loss = 0.3, .duplication = 0.2, .delay_max = milliseconds(50)});
    start();
    for (int i = 0; i < 60; ++i) {
        const std::string id = std::to_string(i);
        gateway->say("r" + id, submit("r" + id, "job-" + std::to_string(i % 6), "task-" + id));
        loop.run_for(milliseconds(40));
        if (i % 20 == 19) start();
    }
    const auto answered = [&] {
        for (int i = 0; i < 60; ++i) {
            if (!answer("r" + std::to_string(i))) return false;
        }
        return true;
    };
    ASSERT_TRUE(until(answered, seconds(60)));
    std::map<std::string, std::set<std::uint64_t>> versions;
    for (int i = 0; i < 60; ++i) {
        versions["job-" + std::to_string(i % 6)].insert(answer("r" + std::to_string(i))->index);
    }
    for (const auto& [job, seen] : versions) EXPECT_EQ(seen.size(), 10U) << job;
    EXPECT_TRUE(until([&] { return state<wire::JobDesired>("job/job-0").value_or(wire::JobDesired{}).version == 10; }));
}

TEST_F(StoreTest, ARequestThatStandsOverARestartIsNotAppliedAgain) {
    start();
    ask(submit("r1", "web"));
    wire::Request stop;
    stop.id = "r2";
    stop.ask = wire::Ask::job_stop;
    stop.job = "web";
    ask(stop);
    start();
    loop.run_for(seconds(3));
    EXPECT_TRUE(state<wire::JobDesired>("job/web")->stopped);
    EXPECT_EQ(state<wire::JobDesired>("job/web")->version, 1U);
    EXPECT_TRUE(answer("r1")->ok);
}

TEST_F(StoreTest, AnAnswerStandsAsLongAsItsRequest) {
    start();
    ask(submit("r1", "web"));
    ask(submit("r2", "db"));
    gateway->unsay("r1");
    EXPECT_TRUE(until([&] { return !answer("r1"); }));
    EXPECT_TRUE(answer("r2"));
    // A new gateway process has nothing to ask any more.
    gateway.reset();
    gateway = make_gateway("g2", 2);
    gateway->say("r3", submit("r3", "web"));
    EXPECT_TRUE(until([&] { return answer("r3") && !answer("r2"); }));
}

TEST_F(StoreTest, ARoundOfStatementsIsOneCommit) {
    network.set_faults({});
    start();
    loop.run_for(seconds(2));
    const std::uint64_t before = process->store.counters().commits;
    for (int i = 0; i < 200; ++i) gateway->say("r" + std::to_string(i), submit("r" + std::to_string(i), "web"));
    ASSERT_TRUE(until([&] { return answer("r199").has_value(); }));
    EXPECT_LE(process->store.counters().commits, before + 5);
}

TEST_F(StoreTest, AReportIsConfirmedWhenItIsRecorded) {
    start();
    record_alloc();
    runner->say("report/a1", report("a1", "web", term, 1, 3));
    ASSERT_TRUE(until([&] { return recorded() == 3; }));
    ASSERT_TRUE(until([&] { return gateway->ears.heard["task/event"] == 3; }));
    EXPECT_EQ(gateway->ears.log["task/event"][2].key, "web/a1/server");
    EXPECT_EQ(state<wire::AllocStatus>("status/a1")->version, 3U);
    // Said again by another process, with more behind it.
    runner->say("report/a1", report("a1", "web", term, 2, 5));
    ASSERT_TRUE(until([&] { return recorded() == 5 && gateway->ears.heard["task/event"] == 5; }));
    for (std::uint64_t n = 1; n <= 5; ++n) {
        EXPECT_EQ(wire::decode<wire::TaskEvent>(gateway->ears.log["task/event"][n - 1].body)->n, n);
    }
}

TEST_F(StoreTest, EventsAreAnsweredWithTheNumbersOfTheirStream) {
    start();
    record_alloc();
    runner->say("report/a1", report("a1", "web", term, 1, 3));
    ASSERT_TRUE(until([&] { return gateway->ears.heard["task/event"] == 3; }));
    const wire::Answer all = ask(events_of("q1", "web"));
    ASSERT_EQ(all.events.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(all.events[i].number, gateway->ears.log["task/event"][i].number);
    EXPECT_EQ(ask(events_of("q2", "web", all.next)).events.size(), 0U);
    EXPECT_EQ(ask(events_of("q3", "db")).events.size(), 0U);
    EXPECT_EQ(ask(events_of("q4", "", all.events[1].number)).events.size(), 1U);
}

TEST_F(StoreTest, AStaleTermIsRefused) {
    start();
    record_alloc();
    runner->say("report/a1", report("a1", "web", term + 1, 1, 1));
    loop.run_for(seconds(3));
    EXPECT_EQ(recorded(), 0U);
    EXPECT_GE(process->store.counters().refused, 1U);
}

TEST_F(StoreTest, MembersFollowTheLivesOfAllocRunners) {
    start();
    const std::uint64_t first = generation();
    const auto members = [&] { return state<wire::Members>("members").value_or(wire::Members{}); };
    ASSERT_TRUE(until([&] { return !members().alloc_runners.empty(); }));
    EXPECT_EQ(members().alloc_runners[0], (wire::Member{"ar-0", "r1"}));

    // Killed and started again: replaced at once.
    runner.reset();
    runner = make_runner("r2");
    ASSERT_TRUE(until(
        [&] {
            return members().alloc_runners == std::vector<wire::Member>{{"ar-0", "r2"}};
        },
        seconds(2)));
    EXPECT_GT(members().generation, first);

    // Killed for good: gone after the lease.
    runner.reset();
    EXPECT_FALSE(until([&] { return members().alloc_runners.empty(); }, milliseconds(1900)));
    EXPECT_TRUE(until([&] { return members().alloc_runners.empty(); }, seconds(3)));

    // Ended cleanly: gone at once.
    runner = make_runner("r3");
    ASSERT_TRUE(until([&] { return !members().alloc_runners.empty(); }));
    network.set_faults({});
    runner->exchange.leave();
    EXPECT_TRUE(until([&] { return members().alloc_runners.empty(); }, milliseconds(900)));
}

TEST_F(StoreTest, ARestartOfTheStoreTakesNoLeaseAway) {
    start();
    const std::uint64_t before = generation();
    start();
    loop.run_for(seconds(10));
    const auto members = state<wire::Members>("members");
    EXPECT_EQ(members->generation, before);
    EXPECT_EQ(members->alloc_runners.size(), 1U);
}

TEST_F(StoreTest, ANodeIsDownWhileItIsSilent) {
    start();
    wire::NodeObserved observed;
    observed.id = "n1";
    node->say("n1", observed);
    const auto is = [&](wire::NodeState wanted) {
        return [this, wanted] {
            const auto status = state<wire::NodeStatus>("node/n1");
            return status && status->state == wanted;
        };
    };
    ASSERT_TRUE(until(is(wire::NodeState::ready)));
    loop.run_for(seconds(30));
    EXPECT_TRUE(is(wire::NodeState::ready)());
    node.reset();
    EXPECT_FALSE(until(is(wire::NodeState::down), seconds(13)));
    ASSERT_TRUE(until(is(wire::NodeState::down), seconds(5)));
    EXPECT_THAT(state<wire::NodeStatus>("node/n1")->why, HasSubstr("has not been heard of since"));
    node = make_node("n1-boot2");
    EXPECT_TRUE(until(is(wire::NodeState::ready), seconds(3)));
}

TEST_F(StoreTest, NothingIsAnsweredOrToldBeforeItIsRecorded) {
    start();
    ASSERT_TRUE(ask(submit("r1", "web")).ok);
    engine->write_error = Error{ErrorKind::io, "disk full"};
    gateway->say("r2", stop("r2", "web"));
    loop.run_for(seconds(10));
    EXPECT_FALSE(answer("r2"));
    EXPECT_FALSE(state<wire::JobDesired>("job/web")->stopped);
    engine->write_error.reset();
    EXPECT_TRUE(until([&] { return answer("r2") && state<wire::JobDesired>("job/web")->stopped; }, seconds(3)));
    EXPECT_TRUE(failures.empty());
}

TEST_F(StoreTest, ADamagedMediumEndsTheProcessSoThatTheNextOneSalvages) {
    start();
    loop.run_for(seconds(2));
    engine->read_error = Error{ErrorKind::corrupt, "damaged page"};
    gateway->say("r1", submit("r1", "web"));
    loop.run_for(seconds(5));
    EXPECT_EQ(failures, std::vector<std::string>{"damaged page"});
    EXPECT_FALSE(answer("r1"));
    engine->read_error.reset();
    start();
    EXPECT_TRUE(until([&] { return answer("r1").has_value(); }));
}

TEST_F(StoreTest, ARecoveryIsOneEventAndANewGeneration) {
    start();
    const std::uint64_t before = generation();
    loop.run_for(seconds(100));
    ASSERT_TRUE(engine->commit({{ChangeKind::put, kRecoverySpace, std::string(kRecoveryKey), "3 objects are lost"}}));
    for (int restart = 0; restart < 3; ++restart) {
        start();
        loop.run_for(seconds(3));
    }
    const wire::Answer answer = ask(events_of("q1", ""));
    ASSERT_EQ(answer.events.size(), 1U);
    EXPECT_EQ(answer.events[0].event.type, "Store Recovered");
    EXPECT_EQ(answer.events[0].event.message, "3 objects are lost");
    EXPECT_EQ(answer.events[0].event.n, 1U);
    EXPECT_GT(state<wire::Members>("members")->generation, before + 50);
}

TEST_F(StoreTest, AnOlderDatabaseIsNoticedByWhoHasReadMore) {
    start();
    ask(submit("r1", "web"));
    const FlakyEngine backup = *engine;
    ask(submit("r2", "db"));
    ask(submit("r3", "mail"));
    ASSERT_TRUE(until([&] { return state<wire::JobDesired>("job/mail").has_value(); }));
    gateway->unsay("r2");
    gateway->unsay("r3");
    loop.run_for(seconds(2));
    process.reset();
    *engine = backup;
    start();
    ASSERT_TRUE(until([&] { return !state<wire::JobDesired>("job/mail") && state<wire::JobDesired>("job/web"); }));
    const wire::Answer answer = ask(events_of("q1", ""));
    ASSERT_EQ(answer.events.size(), 1U);
    EXPECT_THAT(answer.events[0].event.message, HasSubstr("older than what was read from it"));
}

TEST_F(StoreTest, TheEventLogKeepsToItsLimit) {
    limits.events.max_count = 50;
    limits.events.max_age = hours(24 * 365 * 100);
    start();
    record_alloc();
    for (std::uint64_t n = 1; n <= 300; n += 30) {
        runner->say("report/a1", report("a1", "web", term, n, n + 29));
        ASSERT_TRUE(until([&] { return recorded() == n + 29; }));
        EXPECT_LE(engine->count(kEventSpace), 80U);
    }
    loop.run_for(seconds(2));
    EXPECT_EQ(engine->count(kEventSpace), 50U);
    EXPECT_EQ(ask(events_of("q1", "web")).events.front().event.n, 251U);
    EXPECT_EQ(recorded(), 300U);
}

TEST_F(StoreTest, MalformedStatementsAreRefusedAndHarmNobody) {
    start();
    gateway->feed.put("bad", "Request", "not msgpack");
    runner->feed.put("bad", "AllocReport", "\xc1");
    runner->feed.put("worse", "Nonsense", "");
    gateway->exchange.changed("request/gw-0");
    runner->exchange.changed("report/ar-0");
    wire::Request other = submit("one", "web");
    gateway->say("two", other);
    EXPECT_TRUE(ask(submit("r1", "web")).ok);
    EXPECT_TRUE(until([&] { return process->store.counters().refused == 4; }));
}

}  // namespace
}  // namespace drover::store
