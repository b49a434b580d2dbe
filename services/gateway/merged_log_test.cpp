// Logs of several tasks as one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/fake_backend.hpp"
#include "gateway/json.hpp"
#include "gateway/routes.hpp"

namespace drover::gateway {
namespace {

using testing::ElementsAre;
using wire::ClientStatus;
using wire::TaskState;

// A job of two allocs.
struct MergedLogs : testing::Test {
    MergedLogs() {
        job = test::job("web", 2);
        test::put(backend.mirror, "job/web", job);
        for (const char* id : {"a100000000000000", "b200000000000000"}) add_alloc(id);
        log("a1", "stdout").add(10, "a begins");
        log("a1", "stdout").add(40, "a ends");
        log("b2", "stdout").add(20, "b begins");
        log("b2", "stderr").add(30, "b fails");
    }
    void add_alloc(const std::string& id) {
        test::put(backend.mirror, "alloc/" + id, test::alloc(id, job));
        set_task(id, TaskState::running);
        for (const char* stream : {"stdout", "stderr"}) backend.outputs[id + "/server/" + stream];
    }
    void set_task(const std::string& id, TaskState state) {
        test::put(backend.mirror, "status/" + id, test::status(test::alloc(id, job), ClientStatus::running, state));
    }
    void end_all() {
        for (const char* id : {"a100000000000000", "b200000000000000"}) set_task(id, TaskState::dead);
    }
    test::FakeBackend::Output& log(const std::string& alloc, const std::string& stream) {
        return backend.outputs[alloc + "00000000000000/server/" + stream];
    }
    Reply call(const std::string& target) { return route({backend, "gw-0"}, *http::parse_call("GET", target)); }
    static std::string message(const Reply& reply) { return Json::parse(reply.body)["error"]["message"]; }

    // "a1 stdout 10 text" of each line.
    std::vector<std::string> lines(const std::string& target) {
        std::string text;
        const Reply reply = call(target);
        if (!reply.stream) return {reply.body};
        EXPECT_TRUE(reply.stream([&](std::string_view bytes) {
            text += bytes;
            return true;
        }));
        std::vector<std::string> out;
        for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
            const Json line = Json::parse(text.substr(at, end - at));
            const std::string what = line.contains("error") ? "error " + line["error"].get<std::string>()
                                                            : line["at"].dump() + " " + line["line"].get<std::string>();
            out.push_back(line["alloc"].get<std::string>().substr(0, 2) + " " + line["stream"].get<std::string>() +
                          " " + what);
        }
        return out;
    }

    test::FakeBackend backend;
    wire::JobDesired job;
};

TEST_F(MergedLogs, AreInTheOrderOfTime) {
    EXPECT_THAT(lines("/v1/logs/web?merge=true"), ElementsAre("a1 stdout 10 a begins", "b2 stdout 20 b begins",
                                                              "b2 stderr 30 b fails", "a1 stdout 40 a ends"));
    EXPECT_THAT(lines("/v1/logs/web?merge=true&stream=stderr"), ElementsAre("b2 stderr 30 b fails"));
    EXPECT_THAT(lines("/v1/logs/b2?merge=true"), ElementsAre("b2 stdout 20 b begins", "b2 stderr 30 b fails"));
    EXPECT_THAT(lines("/v1/logs/web?merge=true&tail=2"), ElementsAre("b2 stderr 30 b fails", "a1 stdout 40 a ends"));
}

TEST_F(MergedLogs, AreInOrderHoweverSmallThePiecesAre) {
    for (int i = 0; i < 200; ++i) log(i % 3 == 0 ? "a1" : "b2", i % 2 == 0 ? "stdout" : "stderr").add(100 + i, "x");
    backend.log_limit = 7;
    const auto got = lines("/v1/logs/web?merge=true");
    ASSERT_EQ(got.size(), 204U);
    for (std::size_t i = 4; i < got.size(); ++i) EXPECT_TRUE(got[i].ends_with(" " + std::to_string(96 + i) + " x"));
}

TEST_F(MergedLogs, AFollowerWaitsForWhoMayStillSaySomethingOlder) {
    backend.log_now = Instant{milliseconds(1000).ns};
    int waits = 0;
    backend.on_wait = [&] {
        ++waits;
        if (waits == 1) log("b2", "stdout").add(milliseconds(900).ns, "young");
        // Only what is older than the last look by more than a line needs to be written is sure to be in order.
        if (waits == 2) log("a1", "stdout").add(milliseconds(850).ns, "older");
        if (waits == 3) backend.log_now = Instant{milliseconds(1200).ns};
        if (waits == 4) end_all();
    };
    const auto got = lines("/v1/logs/web?merge=true&follow=true");
    ASSERT_EQ(got.size(), 6U);
    EXPECT_EQ(got[4], "a1 stdout 850000000 older");
    EXPECT_EQ(got[5], "b2 stdout 900000000 young");
}

TEST_F(MergedLogs, AFollowerOfAJobHearsAllocsThatComeLater) {
    backend.log_now = kNever - seconds(1) + Duration{};
    int waits = 0;
    backend.on_wait = [&] {
        if (++waits == 1) {
            add_alloc("c300000000000000");
            log("c3", "stdout").add(50, "c begins");
        }
        if (waits < 3) return;
        end_all();
        set_task("c300000000000000", TaskState::dead);
    };
    const auto got = lines("/v1/logs/web?merge=true&follow=true");
    ASSERT_EQ(got.size(), 5U);
    EXPECT_EQ(got.back(), "c3 stdout 50 c begins");
}

TEST_F(MergedLogs, ANodeThatIsAwayIsToldOnceAndHoldsNobodyUp) {
    backend.log_error = Error{ErrorKind::unavailable, "away"};
    const auto got = lines("/v1/logs/b2?merge=true");
    EXPECT_THAT(got, ElementsAre("b2 stdout error away", "b2 stderr error away"));
}

TEST_F(MergedLogs, TheTimeToBeginAtIsHandedOn) {
    lines("/v1/logs/a1?merge=true&since=10s");
    EXPECT_EQ(backend.log_reads.front().since, Instant{seconds(90).ns});
    EXPECT_TRUE(backend.log_reads.front().marks);
    lines("/v1/logs/a1?merge=true&since=2026-11-30T12:00:00Z");
    EXPECT_GT(backend.log_reads.back().node.size(), 0U);
    EXPECT_THAT(message(call("/v1/logs/a1?since=yesterday")), testing::HasSubstr("is no time to begin at"));
}

TEST_F(MergedLogs, WithoutMergingOneLogHasToBeChosen) {
    EXPECT_EQ(message(call("/v1/logs/web")),
              "job web has more than one alloc; choose one of a1000000, b2000000, or --merge the logs of all");
    EXPECT_THAT(message(call("/v1/logs/nope")), testing::HasSubstr("there is no job and no alloc \"nope\""));
    EXPECT_EQ(call("/v1/logs/a1?stream=stderr").status, 200);
    EXPECT_EQ(call("/v1/logs/web?merge=true&task=nope").status, 404);
    EXPECT_EQ(call("/v1/logs/web?merge=true&offset=5").status, 400);
    test::put(backend.mirror, "status/a100000000000000",
              test::status(test::alloc("a100000000000000", job), ClientStatus::complete, TaskState::dead));
    EXPECT_EQ(call("/v1/logs/web").status, 200) << "one alloc runs";
}

TEST_F(MergedLogs, OfAnAllocThatWasRemovedItIsSaidWhereToLook) {
    wire::CollectedAlloc gone;
    gone.id = "d400000000000000";
    test::put(backend.mirror, "collected/" + gone.id, gone);
    EXPECT_EQ(call("/v1/logs/d4").status, 404);
    EXPECT_THAT(message(call("/v1/logs/d4")), testing::HasSubstr("alloc d4000000 was removed, and its logs with it"));
}

}  // namespace
}  // namespace drover::gateway
