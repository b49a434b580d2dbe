// Where a reader of events begins, and what it is told when that is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/event_query.hpp"
#include "gateway/fake_backend.hpp"
#include "gateway/json.hpp"
#include "gateway/routes.hpp"

namespace drover::gateway {
namespace {

using testing::HasSubstr;

// The gateway's clock stands at 100 s, the events are of the seconds 10, 13, ... 97.
struct EventStarts : testing::Test {
    EventStarts() {
        for (int i = 0; i < 30; ++i) backend.add_event("server", "Started");
    }
    Reply get(const std::string& query) {
        return route({backend, "gw-0"}, http::parse_call("GET", "/v1/events?follow=false&limit=1&" + query).value());
    }
    // The number of the first event, 0 without one.
    std::uint64_t first(const std::string& from) {
        const Json page = Json::parse(get("from=" + from).body);
        return page["events"].empty() ? 0 : page["events"][0]["number"].get<std::uint64_t>();
    }

    test::FakeBackend backend;
};

TEST_F(EventStarts, AreNowANumberHowLongAgoOrAPointInTime) {
    EXPECT_EQ(first("now"), 0U);
    EXPECT_EQ(first("40"), 40U);
    EXPECT_EQ(first("41"), 43U) << "numbers have holes";
    EXPECT_EQ(first("0"), 10U);
    EXPECT_EQ(first("98"), 0U) << "the next one";
    EXPECT_EQ(first("30s"), 70U);
    EXPECT_EQ(first("1h"), 10U);
    EXPECT_EQ(first("1970-01-01T00:00:50Z"), 52U);
    EXPECT_EQ(first("1970-01-01T01:00:50%2B01:00"), 52U);
    EXPECT_EQ(first("1970-01-01T00:02:00Z"), 0U);
    const Json page = Json::parse(get("from=40").body);
    EXPECT_EQ(page["next"], 40);
    EXPECT_FALSE(page.contains("gap"));
}

TEST_F(EventStarts, ThatAreNoneAreRefusedWithTheNearestThatIs) {
    const auto error = [&](const std::string& query) {
        const Reply reply = get(query);
        EXPECT_EQ(reply.status, 400) << query;
        return Json::parse(reply.body)["error"]["message"].get<std::string>();
    };
    for (const auto& [from, meant] : std::initializer_list<std::pair<const char*, const char*>>{
             {"nwo", "now"},
             {"10minutes", "10m"},
             {"10%20min", "10m"},
             {"-10m", "10m"},
             {"2h%20ago", "2h"},
             {"2026-11-30", "2026-11-30T00:00:00Z"},
             {"2026-11-30T12:00", "2026-11-30T12:00:00Z"},
             {"2026-11-30%2012:00:00", "2026-11-30T12:00:00Z"}}) {
        EXPECT_THAT(error(std::string("from=") + from), HasSubstr(std::string("did you mean ") + meant + "?"));
    }
    EXPECT_THAT(error("from=yesterday"), HasSubstr("is no place to begin at. It is now, the number of an event"));
    EXPECT_THAT(error("from=99"), HasSubstr("there is no event 99 yet: the newest is 97"));
    EXPECT_THAT(error("from=99999999999999999999999"), HasSubstr("the newest is 97"));
    EXPECT_THAT(error("from=now&since=5"), HasSubstr("give one of"));
}

TEST_F(EventStarts, ThatWereRemovedByRetentionAreToldWithThePage) {
    backend.events.erase(backend.events.begin(), backend.events.begin() + 10);
    backend.removed = 37;
    backend.removed_at = Instant{seconds(37).ns};
    for (const char* query : {"from=20", "since=20", "from=80s", "from=1970-01-01T00:00:20Z"}) {
        const Json page = Json::parse(get(query).body);
        ASSERT_TRUE(page.contains("gap")) << query;
        EXPECT_EQ(page["gap"]["through"], 37);
        EXPECT_THAT(page["gap"]["message"].get<std::string>(), HasSubstr("those up to number 37 (1970-01-01T00:00:37"));
        EXPECT_EQ(page["events"][0]["number"], 40);
    }
    for (const char* query : {"from=38", "since=37", "from=1m", "from=now"}) {
        EXPECT_FALSE(Json::parse(get(query).body).contains("gap")) << query;
    }
}

TEST_F(EventStarts, OfAStreamSayOnceThatTheyWereRemoved) {
    backend.removed = 9;
    backend.removed_at = Instant{seconds(9).ns};
    int waits = 0;
    backend.on_wait = [&] { backend.ending = ++waits == 2; };
    const Reply reply = route({backend, "gw-0"}, http::parse_call("GET", "/v1/events?from=2").value());
    std::string text;
    reply.stream([&](std::string_view bytes) {
        text += bytes;
        return true;
    });
    EXPECT_EQ(text.find("event: gap\ndata: {"), 0U) << text.substr(0, 200);
    EXPECT_EQ(text.find("event: gap", 5), std::string::npos);
    EXPECT_THAT(text, HasSubstr("id: 10\n"));
}

TEST_F(EventStarts, BackupsAndChecksOfTheStoreSayWhatWasFound) {
    const auto post = [&](const std::string& path, const std::string& body) {
        Call call = http::parse_call("POST", path).value();
        call.body = body;
        return route({backend, "gw-0"}, call);
    };
    const Json report = Json::parse(post("/v1/store/backup", R"({"name": "monday.db"})").body);
    EXPECT_EQ(report["file"], "/var/lib/drover/state-store/backups/monday.db");
    EXPECT_EQ(report["objects"], 12);
    EXPECT_EQ(backend.asked.back().ask, wire::Ask::store_backup);
    EXPECT_EQ(post("/v1/store/check", "").status, 200);
    EXPECT_EQ(backend.asked.back().ask, wire::Ask::store_check);
    EXPECT_EQ(post("/v1/store/check", R"({"nmae": 1})").status, 400);
    backend.store_error = Error{ErrorKind::corrupt, "the checksum of revision 7 is wrong"};
    const Reply damaged = post("/v1/store/check", "{}");
    EXPECT_EQ(damaged.status, 500);
    EXPECT_THAT(damaged.body, HasSubstr("revision 7"));
}

}  // namespace
}  // namespace drover::gateway
