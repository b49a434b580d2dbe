#include "gateway/routes.hpp"

#include <gtest/gtest.h>

#include "gateway/fake_backend.hpp"
#include "gateway/json.hpp"

namespace drover::gateway {
namespace {

using wire::ClientStatus;
using wire::TaskState;

struct Routes : testing::Test {
    Routes() {
        job = test::job("web");
        alloc = test::alloc("4f1c000000000000", job);
        test::put(backend.mirror, "job/web", job);
        test::put(backend.mirror, "alloc/" + alloc.id, alloc);
        set_task(TaskState::running);
        test::put(backend.mirror, "members", test::members());
        test::put(backend.mirror, "node/node-1", test::node("node-1"));
    }
    void set_task(TaskState state) {
        test::put(backend.mirror, "status/" + alloc.id, test::status(alloc, ClientStatus::running, state));
    }
    Reply call(const std::string& method, const std::string& target, const std::string& body = "",
               const std::string& last_event_id = "") {
        auto parsed = http::parse_call(method, target);
        if (!parsed) return error_reply(parsed.error());
        parsed->body = body;
        parsed->last_event_id = last_event_id;
        const auto metrics = [](const Mirror& m, Instant) { return std::to_string(m.jobs().size()) + " job\n"; };
        return route({backend, "gw-0", "", metrics}, *parsed);
    }
    Json get(const std::string& target) { return Json::parse(call("GET", target).body); }
    std::string stream(
        const Reply& reply, const std::function<bool()>& go_on = [] { return true; }) {
        std::string out;
        whole = reply.stream([&](std::string_view bytes) {
            out += bytes;
            return go_on();
        });
        return out;
    }
    static std::string message(const Reply& reply) { return Json::parse(reply.body)["error"]["message"]; }

    test::FakeBackend backend;
    wire::JobDesired job;
    wire::AllocDesired alloc;
    bool whole = false;
};

TEST_F(Routes, ATokenMayDoWhatItsRoleIsFor) {
    const std::pair<const char*, const char*> needs[] = {{"GET /v1/jobs", "read"},
                                                         {"GET /v1/logs/web", "read"},
                                                         {"GET /v1/events?follow=false", "read"},
                                                         {"POST /v1/validate", "read"},
                                                         {"GET /metrics", "read"},
                                                         {"DELETE /v1/jobs/web", "submit"},
                                                         {"POST /v1/jobs", "submit"},
                                                         {"PUT /v1/variables/a", "submit"},
                                                         {"POST /v1/allocs/4f/exec", "submit"},
                                                         {"GET /v1/exec/x/output", "submit"},
                                                         {"POST /v1/exec/x/input", "submit"},
                                                         {"POST /v1/gc", "admin"},
                                                         {"POST /v1/nodes/n/drain", "admin"},
                                                         {"POST /v1/store/backup", "admin"}};
    for (const auto& [what, least] : needs)
        for (const auto role : {secret::TokenRole::read, secret::TokenRole::submit, secret::TokenRole::admin}) {
            const std::string line = what;
            auto parsed = http::parse_call(line.substr(0, line.find(' ')), line.substr(line.find(' ') + 1));
            parsed->peer.token_name = "alice";
            parsed->peer.role = role;
            const bool may = role >= *secret::parse_token_role(least);
            const Reply reply = route({backend, "gw-0"}, *parsed);
            EXPECT_EQ(reply.status != 403, may) << what;
            if (may) continue;
            EXPECT_EQ(message(reply),
                      "the token \"alice\" has the role " + std::string(to_string(role)) + ", and this needs " + least);
        }
}

TEST_F(Routes, UnknownPathsAndMethodsGetASentence) {
    EXPECT_EQ(call("GET", "/v2/jobs").status, 404);
    EXPECT_EQ(call("GET", "/v1/jobs/").status, 404);
    const Reply wrong = call("PUT", "/v1/jobs");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.headers.at("Allow"), "POST, GET");
    EXPECT_EQ(message(wrong), "this path does not take PUT, only POST, GET");
    EXPECT_EQ(call("GET", "/v1/jobs?x=1").status, 400);
}

TEST_F(Routes, AJobIsShownWithItsStandingAllocsAndSpec) {
    const Json view = get("/v1/jobs/web");
    EXPECT_EQ(view["status"], "running");
    EXPECT_EQ(view["allocs"][0]["id"], alloc.id);
    EXPECT_EQ(view["allocs"][0]["current"], true);
    EXPECT_EQ(view["spec"]["name"], "web");
    EXPECT_EQ(get("/v1/jobs")["jobs"][0]["groups"]["front"]["running"], 1);
    EXPECT_EQ(call("GET", "/v1/jobs/nope").status, 404);
}

TEST_F(Routes, AStopIsAnsweredOnceItCanBeRead) {
    backend.on_wait = [&] {
        job.stopped = true;
        test::put(backend.mirror, "job/web", job);
    };
    EXPECT_EQ(call("DELETE", "/v1/jobs/web").status, 200);
    EXPECT_EQ(backend.asked[0].ask, wire::Ask::job_stop);
    EXPECT_EQ(get("/v1/jobs/web")["stopped"], true);
}

TEST_F(Routes, AStoreThatDoesNotAnswerIs503WithASentence) {
    backend.store_error = Error{ErrorKind::unavailable, "The state-store did not answer within 10 s."};
    const Reply reply = call("DELETE", "/v1/jobs/web");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(message(reply), "The state-store did not answer within 10 s.");
    EXPECT_EQ(call("GET", "/v1/jobs/web").status, 200);
}

TEST_F(Routes, AnAllocIsFoundByAUniquePrefixAndShowsAllItsEvents) {
    for (int i = 0; i < 250; ++i) backend.add_event("server", "Restarting");
    const Json view = get("/v1/allocs/4f");
    EXPECT_EQ(view["id"], alloc.id);
    EXPECT_EQ(view["tasks"][0]["events"].size(), 250U);
    EXPECT_EQ(call("GET", "/v1/allocs/4").status, 400);
    EXPECT_EQ(call("GET", "/v1/allocs/77").status, 404);
    test::put(backend.mirror, "alloc/4f1c111100000000", test::alloc("4f1c111100000000", job, 1));
    const Reply reply = call("GET", "/v1/allocs/4f1c");
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(message(reply), "\"4f1c\" begins more than one alloc's id: 4f1c000000000000, 4f1c111100000000");
}

TEST_F(Routes, OrdersToAnAllocBecomeRequests) {
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/stop").status, 200);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/restart", R"({"task": "server"})").status, 200);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/signal", R"({"signal": "SIGHUP"})").status, 200);
    ASSERT_EQ(backend.asked.size(), 3U);
    EXPECT_EQ(backend.asked[0].ask, wire::Ask::alloc_stop);
    EXPECT_EQ(backend.asked[0].alloc, alloc.id);
    EXPECT_EQ(backend.asked[1].task, "server");
    EXPECT_EQ(backend.asked[2].signal, "SIGHUP");
}

TEST_F(Routes, AWholeAllocCanBeRestarted) {
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/restart", R"({"all": true})").status, 200);
    EXPECT_TRUE(backend.asked.at(0).all);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/restart", R"({"all": "yes"})").status, 400);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/stop", R"({"all": true})").status, 400);
}

TEST_F(Routes, AStopOrARestartMaySkipTheShutdownDelay) {
    const std::string skip = R"({"no_shutdown_delay": true})";
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/stop", skip).status, 200);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/restart", skip).status, 200);
    EXPECT_EQ(call("DELETE", "/v1/jobs/web?no_shutdown_delay=true").status, 200);
    ASSERT_EQ(backend.asked.size(), 3U);
    for (const wire::Request& request : backend.asked) EXPECT_TRUE(request.no_shutdown_delay);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/stop").status, 200);
    EXPECT_EQ(call("DELETE", "/v1/jobs/web").status, 200);
    EXPECT_FALSE(backend.asked[3].no_shutdown_delay);
    EXPECT_FALSE(backend.asked[4].no_shutdown_delay);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/signal", R"({"signal": "SIGHUP", "no_shutdown_delay": true})").status, 400);
    EXPECT_EQ(call("DELETE", "/v1/jobs/web?no_shutdown_delay=maybe").status, 400);
}

TEST_F(Routes, APurgeIsAnsweredOnceItCanBeReadEvenWhenTheJobIsGoneByThen) {
    backend.on_wait = [&] { test::erase(backend.mirror, "job/web"); };
    EXPECT_EQ(call("DELETE", "/v1/jobs/web?purge=true").status, 200);
    EXPECT_TRUE(backend.asked.at(0).purge);
    EXPECT_EQ(call("DELETE", "/v1/jobs/web?purge=maybe").status, 400);
}

TEST_F(Routes, ANodeIsDrainedByNameOrIdAndShowsIt) {
    wire::NodeStatus node = test::node("node-1");
    node.node.name = "worker";
    test::put(backend.mirror, "node/node-1", node);
    test::put(backend.mirror, "node/node-2", test::node("node-2"));
    EXPECT_EQ(get("/v1/nodes")["nodes"][0]["eligible"], true);
    EXPECT_EQ(get("/v1/nodes")["nodes"][0]["allocs"], 1);
    backend.on_wait = [&] {
        test::put(backend.mirror, "nodeorder/node-1", wire::NodeOrder{"node-1", false, true, Instant{seconds(9).ns}});
    };
    const Json view = Json::parse(call("POST", "/v1/nodes/worker/drain", R"({"deadline": "30m"})").body);
    EXPECT_EQ(view["id"], "node-1");
    EXPECT_EQ(view["draining"], true);
    EXPECT_EQ(view["eligible"], false);
    EXPECT_EQ(view["drain_deadline"], seconds(9).ns);
    ASSERT_EQ(backend.asked.size(), 1U);
    EXPECT_EQ(backend.asked[0].order, (wire::NodeOrder{"node-1", false, true, {}}));
    EXPECT_EQ(backend.asked[0].deadline, minutes(30));
    EXPECT_EQ(call("DELETE", "/v1/nodes/node-1/drain").status, 200);
    EXPECT_EQ(backend.asked[1].order, (wire::NodeOrder{"node-1", false, false, {}}));
    EXPECT_EQ(call("POST", "/v1/nodes/node-/drain").status, 409);
    EXPECT_EQ(call("POST", "/v1/nodes/x/drain").status, 404);
    EXPECT_EQ(call("POST", "/v1/nodes/worker/drain", R"({"deadline": "soon"})").status, 400);
}

TEST_F(Routes, TheEndOfADrainThatIsNotThereChangesNothing) {
    EXPECT_EQ(call("DELETE", "/v1/nodes/node-1/drain").status, 200);
    EXPECT_TRUE(backend.asked.at(0).order->eligible);
}

TEST_F(Routes, EligibilityIsSetAndDoesNotEndADrain) {
    EXPECT_EQ(call("POST", "/v1/nodes/node-1/eligibility").status, 400);
    EXPECT_EQ(call("POST", "/v1/nodes/node-1/eligibility", R"({"eligible": false})").status, 200);
    EXPECT_EQ(backend.asked.at(0).order, (wire::NodeOrder{"node-1", false, false, {}}));
    test::put(backend.mirror, "nodeorder/node-1", wire::NodeOrder{"node-1", false, true, kNever});
    const Json view = Json::parse(call("POST", "/v1/nodes/node-1/eligibility", R"({"eligible": false})").body);
    EXPECT_EQ(view["draining"], true);
    EXPECT_EQ(backend.asked.size(), 1U);
}

TEST_F(Routes, ARemovedAllocIsShownFromWhatIsKeptOfIt) {
    wire::CollectedAlloc gone;
    gone.id = "77aa000000000000";
    gone.job = "web";
    gone.reason = "it ended 25h ago";
    gone.spec_hash = "0123456789abcdef";
    gone.tasks.resize(1);
    gone.tasks[0].name = "server";
    gone.tasks[0].last_output = "bye";
    test::put(backend.mirror, "collected/" + gone.id, gone);
    backend.add_event("server", "Terminated");
    const Json view = get("/v1/allocs/77aa");
    EXPECT_EQ(view["id"], gone.id);
    EXPECT_EQ(view["desired"], "removed");
    EXPECT_EQ(view["reason"], "it ended 25h ago");
    EXPECT_EQ(view["tasks"][0]["last_output"], "bye");
    EXPECT_EQ(view["tasks"][0]["events"][0]["type"], "Terminated");
    EXPECT_EQ(backend.asked.at(0).alloc, gone.id);
    EXPECT_EQ(call("GET", "/v1/allocs/78").status, 404);
}

TEST_F(Routes, WhatIsDueToGoIsListedWithItsReason) {
    wire::CollectedAlloc gone;
    gone.id = "77aa000000000000";
    gone.reason = "it ended 25h ago";
    backend.collected = {gone};
    const Json view = Json::parse(call("POST", "/v1/gc", R"({"dry_run": true})").body);
    EXPECT_TRUE(backend.asked.at(0).dry_run);
    EXPECT_EQ(view["due"], 7);
    EXPECT_EQ(view["collected"][0]["reason"], "it ended 25h ago");
    EXPECT_EQ(call("POST", "/v1/gc", R"({"dry": true})").status, 400);
    EXPECT_EQ(call("GET", "/v1/gc").status, 405);
}

TEST_F(Routes, MalformedOrdersAreRefusedBeforeTheStoreIsAsked) {
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/signal").status, 400);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/signal", R"({"signal": 1})").status, 400);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/stop", R"({"task": "server"})").status, 400);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/restart", R"({"tsk": "server"})").status, 400);
    EXPECT_EQ(call("POST", "/v1/allocs/4f1c/restart", "[").status, 400);
    EXPECT_TRUE(backend.asked.empty());
}

TEST_F(Routes, ALogIsSentWholeInPieces) {
    for (int i = 0; i < 1000; ++i) backend.log += "line " + std::to_string(i) + "\n";
    backend.log_limit = 100;
    const Reply reply = call("GET", "/v1/allocs/4f1c/logs");
    EXPECT_EQ(stream(reply), backend.log);
    EXPECT_TRUE(whole);
    EXPECT_EQ(stream(call("GET", "/v1/allocs/4f1c/logs?tail=2")), "line 998\nline 999\n");
    EXPECT_EQ(stream(call("GET", "/v1/allocs/4f1c/logs?offset=-9")), "line 999\n");
}

TEST_F(Routes, AFollowedLogEndsWhenTheTaskIsDeadAndEverythingWasSent) {
    backend.log = "first\n";
    int waits = 0;
    backend.on_wait = [&] {
        ++waits;
        if (waits == 1) backend.log += "second\n";
        if (waits == 2) {
            backend.log += "last\n";
            set_task(TaskState::dead);
        }
    };
    EXPECT_EQ(stream(call("GET", "/v1/allocs/4f1c/logs?follow=true")), "first\nsecond\nlast\n");
    EXPECT_TRUE(whole);
}

TEST_F(Routes, AFollowerWhoGoesEndsTheStream) {
    backend.log = "first\n";
    EXPECT_EQ(stream(call("GET", "/v1/allocs/4f1c/logs?follow=true"), [] { return false; }), "first\n");
}

TEST_F(Routes, AFollowerOutlastsADriverManagerThatIsAway) {
    backend.log = "first\n";
    const Reply reply = call("GET", "/v1/allocs/4f1c/logs?follow=true");
    backend.log_error = Error{ErrorKind::unavailable, "away"};
    int waits = 0;
    backend.on_wait = [&] {
        if (++waits != 3) return;
        backend.log_error.reset();
        backend.log += "second\n";
        set_task(TaskState::dead);
    };
    EXPECT_EQ(stream(reply), "first\nsecond\n");
}

TEST_F(Routes, WrongLogQueriesSayWhatThereIs) {
    EXPECT_EQ(message(call("GET", "/v1/allocs/4f1c/logs?task=x")), "alloc 4f1c0000 has no task \"x\"; it has: server");
    EXPECT_EQ(call("GET", "/v1/allocs/4f1c/logs?stream=stdin").status, 400);
    EXPECT_EQ(call("GET", "/v1/allocs/4f1c/logs?offset=1x").status, 400);
    backend.log_error = Error{ErrorKind::unavailable, "The driver-manager of node node-1 did not answer."};
    EXPECT_EQ(call("GET", "/v1/allocs/4f1c/logs").status, 503);
}

TEST_F(Routes, AFollowerNeverGetsTheSameBytesTwiceAndIsToldOfThoseThatWereRemoved) {
    backend.log = "first\nbeg";
    int waits = 0;
    backend.on_wait = [&] {
        ++waits;
        // What moves into the next file is at its end for a moment, and not at that of the one before.
        if (waits == 1) backend.log = "first\n";
        if (waits == 2) backend.log = "first\nbegun\n";
        if (waits == 3) set_task(TaskState::dead);
    };
    EXPECT_EQ(stream(call("GET", "/v1/allocs/4f1c/logs?follow=true")), "first\nbegun\n");
}

std::vector<std::string> ids(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = text.find("id: "); at != std::string::npos; at = text.find("id: ", at + 1)) {
        out.push_back(text.substr(at + 4, text.find('\n', at) - at - 4));
    }
    return out;
}

TEST_F(Routes, AnEventStreamMissesAndDoublesNothingFromAnyPosition) {
    for (int i = 0; i < 250; ++i) backend.add_event("server", "Started");
    std::vector<std::string> all;
    for (const auto& event : backend.events) all.push_back(std::to_string(event.number));
    for (const std::size_t from : {0U, 1U, 99U, 100U, 101U, 249U}) {
        backend.ending = false;
        int waits = 0;
        backend.on_wait = [&] {
            // New events between two queries, then the end.
            if (++waits == 1) {
                backend.add_event("server", "Terminated");
                all.push_back(std::to_string(backend.events.back().number));
            }
            backend.ending = waits == 2;
        };
        const std::string since = std::to_string(backend.events[from].number - 1);
        const std::string text = stream(call("GET", "/v1/events?since=" + since));
        const std::vector<std::string> want(all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
        EXPECT_EQ(ids(text), want) << from;
    }
}

TEST_F(Routes, AReconnectingBrowserGoesOnAfterItsLastEvent) {
    for (int i = 0; i < 3; ++i) backend.add_event("server", "Started");
    backend.on_wait = [&] { backend.ending = true; };
    EXPECT_EQ(ids(stream(call("GET", "/v1/events?since=0", "", "13"))), (std::vector<std::string>{"16"}));
    EXPECT_EQ(call("GET", "/v1/events", "", "x").status, 400);
}

TEST_F(Routes, AnEventStreamOutlastsAStoreThatIsAway) {
    backend.add_event("server", "Started");
    const Reply reply = call("GET", "/v1/events");
    backend.store_error = Error{ErrorKind::unavailable, "away"};
    int waits = 0;
    backend.on_wait = [&] {
        ++waits;
        if (waits == 3) backend.store_error.reset();
        backend.ending = waits == 4;
    };
    EXPECT_EQ(ids(stream(reply)), (std::vector<std::string>{"10"}));
}

TEST_F(Routes, APageOfEventsWaitsForTheFirstOne) {
    Json page = get("/v1/events?follow=false&since=head");
    EXPECT_EQ(page["events"].size(), 0U);
    backend.on_wait = [&] { backend.add_event("server", "Started"); };
    page = get("/v1/events?follow=false&wait=5000");
    ASSERT_EQ(page["events"].size(), 1U);
    EXPECT_EQ(page["events"][0]["type"], "Started");
    EXPECT_EQ(page["next"], 10);
    EXPECT_EQ(get("/v1/events?follow=false&since=head")["events"].size(), 0U);
    EXPECT_EQ(call("GET", "/v1/events?follow=false&limit=101").status, 400);
    EXPECT_EQ(call("GET", "/v1/events?follow=false&wait=99999").status, 400);
}

TEST_F(Routes, EveryChangeIsAskedForInTheNameOfWhoeverCalls) {
    const std::pair<const char*, const char*> changes[] = {{"DELETE", "/v1/jobs/web"},
                                                           {"POST", "/v1/allocs/4f1c/stop"},
                                                           {"POST", "/v1/allocs/4f1c/restart"},
                                                           {"POST", "/v1/nodes/node-1/drain"},
                                                           {"DELETE", "/v1/nodes/node-1/drain"},
                                                           {"DELETE", "/v1/variables/db"},
                                                           {"POST", "/v1/gc"},
                                                           {"POST", "/v1/store/backup"}};
    for (const auto& [method, path] : changes) {
        backend.asked.clear();
        Call made = http::parse_call(method, path).value();
        made.peer.token_name = "deploy";
        EXPECT_EQ(route({backend, "gw-0"}, made).status, 200) << path;
        ASSERT_EQ(backend.asked.size(), 1U) << path;
        EXPECT_EQ(backend.asked.front().by, "deploy") << path;
    }
}

TEST_F(Routes, TheAuditIsServedWithAllThatItsHashesAreMadeOf) {
    backend.audit.floor = {4, "ff"};
    backend.audit.head = {5, "aa"};
    backend.audit.records.push_back({5, Instant{7}, "alice", "job stop", "web", "", false, "there is no job", "aa"});
    const Json page = get("/v1/audit?since=4&limit=10");
    EXPECT_EQ(backend.asked.back().since, 4U);
    EXPECT_EQ(page["records"][0].dump(),
              R"({"number":5,"time":7,"who":"alice","verb":"job stop","object":"web","detail":"","accepted":false,)"
              R"("error":"there is no job","hash":"aa"})");
    EXPECT_EQ(page["floor"]["number"], 4);
    EXPECT_EQ(page["head"]["hash"], "aa");
    EXPECT_EQ(call("GET", "/v1/audit?limit=201").status, 400);
}

TEST_F(Routes, HealthAndMetricsAreServed) {
    EXPECT_EQ(call("GET", "/v1/health").status, 503);
    backend.mirror.heard({"store-0", "state-store", "b", Instant{seconds(99).ns}});
    backend.mirror.on_complete("store-0", "state");
    EXPECT_EQ(call("GET", "/v1/health").status, 200);
    EXPECT_EQ(call("GET", "/metrics").body, "1 job\n");
    EXPECT_EQ(get("/v1/nodes")["nodes"][0]["id"], "node-1");
}

}  // namespace
}  // namespace drover::gateway
