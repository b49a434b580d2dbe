#include "http/call.hpp"

#include <gtest/gtest.h>

namespace drover::http {
namespace {

TEST(Http, AnAddressIsSplitIntoDecodedSegmentsAndParameters) {
    auto call = parse_call("GET", "/v1/allocs/4f1c/logs?task=web%20server&follow=true&empty=&bare");
    ASSERT_TRUE(call);
    EXPECT_EQ(call->path, (std::vector<std::string>{"v1", "allocs", "4f1c", "logs"}));
    EXPECT_EQ(call->param("task"), "web server");
    EXPECT_EQ(call->param("empty", "x"), "");
    EXPECT_EQ(call->param("missing", "x"), "x");
    EXPECT_TRUE(*call->flag("follow"));
    EXPECT_TRUE(*call->flag("bare"));
    EXPECT_FALSE(*call->flag("missing"));
}

TEST(Http, BrokenAddressesAreRefused) {
    for (const char* target : {"", "v1/jobs", "/v1/%", "/v1/%4", "/v1/%zz", "/v1/a%2Fb", "/v1/a%00", "/v1/a%0a",
                               "/v1/jobs?a=%", "/v1/jobs?a=1&a=2"}) {
        auto call = parse_call("GET", target);
        ASSERT_FALSE(call) << target;
        EXPECT_EQ(call.error().kind, ErrorKind::invalid);
    }
    EXPECT_FALSE(parse_call("GET", "/" + std::string(kMaxTarget, 'a')));
}

TEST(Http, AMisspeltParameterIsNotIgnored) {
    auto call = parse_call("GET", "/v1/events?snce=4");
    ASSERT_TRUE(call);
    auto allowed = call->allow({"since", "job"});
    ASSERT_FALSE(allowed);
    EXPECT_EQ(allowed.error().message, "unknown parameter \"snce\"; known ones: since, job");
}

TEST(Http, ANumberMustBeOne) {
    auto call = parse_call("GET", "/v1/events?since=18446744073709551615&limit=1x&wait=-1");
    ASSERT_TRUE(call);
    EXPECT_EQ(*call->number("since", 0), 18446744073709551615ULL);
    EXPECT_EQ(*call->number("missing", 7), 7U);
    EXPECT_FALSE(call->number("limit", 0));
    EXPECT_FALSE(call->number("wait", 0));
}

TEST(Http, AForeignWebPageCannotReachTheApiThroughAReadersBrowser) {
    EXPECT_TRUE(check_origin("127.0.0.1:4646", "", {}));
    EXPECT_TRUE(check_origin("[::1]:4646", "", {}));
    EXPECT_TRUE(check_origin("localhost:4646", "http://localhost:4646", {}));
    EXPECT_TRUE(check_origin("drover.example.com", "", {"drover.example.com"}));
    EXPECT_FALSE(check_origin("127.0.0.1:4646", "https://evil.example", {}));
    EXPECT_FALSE(check_origin("127.0.0.1:4646", "null", {}));
    EXPECT_FALSE(check_origin("evil.example:4646", "", {}));
}

TEST(Http, AnErrorIsJsonWithItsKindAndSentence) {
    const Reply reply = error_reply(Error{ErrorKind::not_found, "there is no job \"x\xff\""});
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.body,
              "{\"error\":{\"kind\":\"not_found\",\"message\":\"there is no job \\\"x\xef\xbf\xbd\\\"\"}}\n");
}

}  // namespace
}  // namespace drover::http
