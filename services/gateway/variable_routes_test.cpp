#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "gateway/fake_backend.hpp"
#include "gateway/json.hpp"
#include "gateway/routes.hpp"
#include "secret/key_files.hpp"
#include "secret/seal.hpp"

namespace drover::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

struct VariableRoutes : testing::Test {
    VariableRoutes() {
        std::filesystem::create_directory(dir);
        EXPECT_TRUE(secret::make_key_files(dir + "/pub", dir + "/key"));
        key_file = dir + "/pub";
    }
    ~VariableRoutes() override { std::filesystem::remove_all(dir); }

    Reply call(const std::string& method, const std::string& target, const std::string& body = "") {
        auto parsed = http::parse_call(method, target);
        if (!parsed) return error_reply(parsed.error());
        parsed->body = body;
        return route({backend, "gw-0", key_file}, *parsed);
    }
    static std::string message(const Reply& reply) { return Json::parse(reply.body)["error"]["message"]; }
    // What the store would say of what was asked last.
    void record(std::uint64_t version) {
        wire::VariableDesired variable = *backend.asked.back().variable;
        variable.version = version;
        test::put(backend.mirror, "variable/" + variable.path, variable);
    }

    const std::string dir = testing::TempDir() + "drover_variables_" + std::to_string(::getpid());
    std::string key_file;
    test::FakeBackend backend;
};

TEST_F(VariableRoutes, SecretsLeaveTheGatewaySealedAndAreNeverShown) {
    const Reply put =
        call("PUT", "/v1/variables/db/main", R"({"items": {"user": "app", "password": {"secret": "hunter2"}}})");
    ASSERT_EQ(put.status, 200) << put.body;
    const wire::VariableDesired& asked = *backend.asked.back().variable;
    EXPECT_EQ(asked.path, "db/main");
    EXPECT_EQ(asked.items.at("user").value, "app");
    EXPECT_EQ(asked.items.at("password").value, "");
    EXPECT_THAT(wire::encode(backend.asked.back()), Not(HasSubstr("hunter2")));
    const std::string key = secret::read_private_key(dir + "/key").value();
    EXPECT_EQ(secret::open(key, "db/main password", asked.items.at("password").sealed).value(), "hunter2");

    record(7);
    const Json shown = Json::parse(call("GET", "/v1/variables/db/main").body);
    EXPECT_EQ(shown["version"], 7);
    EXPECT_EQ(shown["items"]["user"], Json::parse(R"({"secret": false, "value": "app"})"));
    EXPECT_EQ(shown["items"]["password"], Json::parse(R"({"secret": true, "value": null})"));
    const Json listed = Json::parse(call("GET", "/v1/variables").body)["variables"];
    EXPECT_EQ(listed[0]["items"]["password"], Json::parse(R"({"secret": true})"));
    EXPECT_EQ(listed[0]["items"]["user"], Json::parse(R"({"secret": false})"));
}

TEST_F(VariableRoutes, WithoutAKeySecretsAreRefusedAndPlainItemsTaken) {
    key_file.clear();
    const Reply refused = call("PUT", "/v1/variables/a", R"({"items": {"p": {"secret": "hunter2"}}})");
    EXPECT_EQ(refused.status, 409);
    EXPECT_THAT(message(refused), HasSubstr("secrets_public_key_file"));
    EXPECT_THAT(message(refused), Not(HasSubstr("hunter2")));
    EXPECT_TRUE(backend.asked.empty());
    EXPECT_EQ(call("PUT", "/v1/variables/a", R"({"items": {"p": "x"}})").status, 200);
}

TEST_F(VariableRoutes, AChangeOfOneItemCanKeepTheOthersSealed) {
    call("PUT", "/v1/variables/a", R"({"items": {"p": {"secret": "hunter2"}, "q": "1"}})");
    const std::string sealed = backend.asked.back().variable->items.at("p").sealed;
    record(3);
    call("PUT", "/v1/variables/a", R"({"items": {"q": "2"}, "keep": true})");
    EXPECT_EQ(backend.asked.back().variable->items.at("p").sealed, sealed);
    EXPECT_EQ(backend.asked.back().variable->items.at("q").value, "2");
    // Whoever was faster must not be overwritten with what was read before.
    EXPECT_EQ(backend.asked.back().variable->version, 3U);
    call("PUT", "/v1/variables/a", R"({"items": {"q": "2"}, "version": 9})");
    EXPECT_EQ(backend.asked.back().variable->items.size(), 1U);
    EXPECT_EQ(backend.asked.back().variable->version, 9U);
}

TEST_F(VariableRoutes, BodiesThatAreNotUnderstoodAreRefusedWithoutTheirValues) {
    for (const char* body :
         {"", "[]", R"({"items": 1})", R"({"items": {"a": 5}})", R"({"items": {"a": {"secret": 1}}})",
          R"({"items": {"a": {"value": "hunter2"}}})", R"({"items": {}, "versoin": 1})",
          R"({"items": {}, "version": "hunter2"})", R"({"items": {"a": "hunter2")"}) {
        const Reply reply = call("PUT", "/v1/variables/a", body);
        EXPECT_EQ(reply.status, 400) << body;
        EXPECT_THAT(reply.body, Not(HasSubstr("hunter2")));
    }
    EXPECT_TRUE(backend.asked.empty());
}

TEST_F(VariableRoutes, ARemovalAsksTheStoreAndAnUnknownOneIs404) {
    EXPECT_EQ(call("GET", "/v1/variables/a/b").status, 404);
    EXPECT_EQ(call("DELETE", "/v1/variables/a/b").status, 200);
    EXPECT_EQ(backend.asked.back().ask, wire::Ask::variable_remove);
    EXPECT_EQ(backend.asked.back().path, "a/b");
    EXPECT_EQ(call("PUT", "/v1/variables", "{}").status, 405);
    EXPECT_EQ(call("POST", "/v1/variables/a", "{}").headers.at("Allow"), "GET, PUT, DELETE");
}

}  // namespace
}  // namespace drover::gateway
