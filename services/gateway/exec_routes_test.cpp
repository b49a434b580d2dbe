#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/fake_backend.hpp"
#include "gateway/json.hpp"
#include "gateway/routes.hpp"

namespace drover::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ExecRoutes : testing::Test {
    ExecRoutes() {
        job = test::job("web");
        alloc = test::alloc("4f1c000000000000", job);
        test::put(backend.mirror, "alloc/" + alloc.id, alloc);
    }
    Reply call(const std::string& method, const std::string& target, const std::string& body = "") {
        auto parsed = http::parse_call(method, target);
        if (!parsed) return error_reply(parsed.error());
        parsed->body = body;
        parsed->peer = {"10.0.0.5", 50000, 4646};
        return route({backend, "gw-0"}, *parsed);
    }
    test::FakeBackend backend;
    wire::JobDesired job;
    wire::AllocDesired alloc;
};

TEST_F(ExecRoutes, ACommandIsOpenedForTheOneTaskWithWhoAsksForIt) {
    const Reply reply = call("POST", "/v1/allocs/4f1c/exec",
                             R"({"command": ["sh", "-c", "id"], "tty": true, "tty_type": "xterm", "rows": 24,
                                 "columns": 80, "input": true, "user": "alice"})");
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(Json::parse(reply.body)["session"], "s1");
    EXPECT_EQ(backend.session.alloc, alloc.id);
    EXPECT_EQ(backend.session.node, alloc.node);
    EXPECT_EQ(backend.session.task, job.spec.groups[0].tasks[0].name);
    EXPECT_THAT(backend.session.command, ElementsAre("sh", "-c", "id"));
    EXPECT_EQ(backend.session.by, "somebody at 10.0.0.5 who says to be alice");
    EXPECT_TRUE(backend.session.tty && backend.session.takes_input);
    EXPECT_EQ(backend.session.columns, 80U);
}

TEST_F(ExecRoutes, WhatCannotBeMeantIsRefusedWithASentence) {
    for (const char* body : {"", R"({"command": []})", R"({"command": "sh"})", R"({"command": [1]})",
                             R"({"command": ["sh"], "rows": -1})", R"({"command": ["sh"], "tyt": true})"})
        EXPECT_EQ(call("POST", "/v1/allocs/4f1c/exec", body).status, 400) << body;
    const Reply wrong = call("POST", "/v1/allocs/4f1c/exec", R"({"command": ["sh"], "task": "wbe"})");
    EXPECT_EQ(wrong.status, 404);
    EXPECT_THAT(wrong.body, HasSubstr("it has: " + job.spec.groups[0].tasks[0].name));
    EXPECT_EQ(call("POST", "/v1/exec/s1/signal", R"({"signal": "SIGNOPE"})").status, 400);
    EXPECT_EQ(call("POST", "/v1/exec/s1/input?number=1", std::string(20'000, 'x')).status, 413);
    EXPECT_EQ(call("GET", "/v1/exec/s2/output").status, 404);
}

TEST_F(ExecRoutes, OutputComesNumberedUntilTheEnd) {
    backend.pieces = {{1, "stdout", "one"}, {2, "stderr", "two\n"}};
    backend.session_ended = true;
    std::string out;
    const Reply reply = call("GET", "/v1/exec/s1/output?heard=1");
    EXPECT_TRUE(reply.stream([&](std::string_view bytes) {
        out += bytes;
        return true;
    }));
    EXPECT_EQ(out, "out 2 4 stderr\ntwo\nend {\"code\":3,\"error\":\"\"}\n");
    EXPECT_EQ(backend.session_heard, 1U);
}

TEST_F(ExecRoutes, InputSizesAndSignalsReachTheSession) {
    EXPECT_EQ(call("POST", "/v1/exec/s1/input?number=1", "ls\n").status, 200);
    EXPECT_EQ(call("POST", "/v1/exec/s1/input?number=2&last=true").status, 200);
    EXPECT_EQ(call("POST", "/v1/exec/s1/signal", R"({"signal": "SIGHUP"})").status, 200);
    EXPECT_EQ(call("POST", "/v1/exec/s1/size", R"({"rows": 40, "columns": 100})").status, 200);
    EXPECT_EQ(backend.session_input, "1ls\n2$SIGHUP");
    EXPECT_EQ(backend.session.rows, 40U);
    EXPECT_EQ(call("DELETE", "/v1/exec/s1").status, 200);
    EXPECT_TRUE(backend.session_ended);
}

}  // namespace
}  // namespace drover::gateway
