// The verbs of variables, against a gateway that remembers what it was told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <thread>

#include "base/hash.hpp"
#include "cli/var_items.hpp"
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Var : testing::Test {
    Var() {
        session.out = [this](std::string_view text) { out += text; };
        session.err = [this](std::string_view text) { err += text; };
        session.now = [] { return Instant{seconds(1'000'000).ns}; };
        const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
            asked = request.method + " " + request.target;
            body = request.body;
            response.status = status;
            response.set_content(reply, "application/json");
        };
        server.Get(".*", answer).Put(".*", answer).Delete(".*", answer);
        const int port = server.bind_to_any_port("127.0.0.1");
        thread = std::thread([this] { server.listen_after_bind(); });
        while (!server.is_running()) std::this_thread::yield();
        session.environment.addr = "127.0.0.1:" + std::to_string(port);
        session.environment.cwd = "/";
    }
    ~Var() override {
        server.stop();
        thread.join();
        std::remove(file.c_str());
    }

    int run(const std::vector<std::string>& args) {
        out.clear();
        err.clear();
        session.json = false;
        return run_cli(session, args);
    }

    Session session;
    std::string out, err, asked, body;
    std::string reply = R"({"path": "db/main", "version": 3})";
    int status = 200;
    std::string file = "/tmp/drover-secret-" + random_hex(8);
    httplib::Server server;
    std::thread thread;
};

TEST_F(Var, PutSendsPlainItemsAndSecretsOfFiles) {
    std::ofstream(file) << "hunter2\n";
    EXPECT_EQ(run({"var", "put", "db/main", "user=app", "--secret", "password=@" + file, "url=a=b"}), kOk) << err;
    EXPECT_EQ(asked, "PUT /v1/variables/db/main");
    EXPECT_EQ(Json::parse(body),
              Json::parse(R"({"items": {"user": "app", "url": "a=b", "password": {"secret": "hunter2"}}})"));
    EXPECT_EQ(out, "Variable db/main is at version 3.\n");
    EXPECT_EQ(run({"var", "put", "db/main", "a=", "--keep", "--version", "2", "-o", "json"}), kOk);
    EXPECT_EQ(Json::parse(body), Json::parse(R"({"items": {"a": ""}, "keep": true, "version": 2})"));
    EXPECT_EQ(Json::parse(out)["version"], 3);
}

TEST_F(Var, ASecretOnTheCommandLineIsRefusedWithTheWayToDoIt) {
    EXPECT_EQ(run({"var", "put", "db/main", "--secret", "password=hunter2"}), kUsage);
    EXPECT_THAT(err, HasSubstr("must not stand on the command line"));
    EXPECT_THAT(err, HasSubstr("--secret password=@FILE"));
    EXPECT_THAT(err, Not(HasSubstr("hunter2")));
    EXPECT_EQ(asked, "");
    EXPECT_EQ(run({"var", "put", "db/main", "--secret", "hunter2"}), kUsage);
    EXPECT_THAT(err, Not(HasSubstr("hunter2")));
    EXPECT_EQ(run({"var", "put", "db/main", "--secret", "p=@/nowhere/at/all"}), kNotFound);
    EXPECT_EQ(run({"var", "put", "db/main"}), kUsage);
    EXPECT_EQ(run({"var", "put", "db/main", "a=1", "a=2"}), kUsage);
}

TEST(VarItems, StandardInputGivesOneSecret) {
    const ReadText input = [](const std::string& path) -> Result<std::string> { return path + " text\n\n"; };
    EXPECT_EQ((*read_items({}, {"p=-"}, input))["p"]["secret"], "- text\n");
    EXPECT_THAT(read_items({}, {"p=-", "q=-"}, input).error().message, HasSubstr("only one secret"));
    const ReadText binary = [](const std::string&) -> Result<std::string> { return "\xff\xfe hunter2"; };
    EXPECT_THAT(read_items({}, {"p=-"}, binary).error().message, HasSubstr("base64"));
    EXPECT_THAT(read_items({}, {"p=-"}, binary).error().message, Not(HasSubstr("hunter2")));
    const ReadText empty = [](const std::string&) -> Result<std::string> { return "\n"; };
    EXPECT_THAT(read_items({}, {"p=-"}, empty).error().message, HasSubstr("is empty"));
}

TEST_F(Var, GetShowsPlainValuesAndOnlySaysThatASecretIsThere) {
    reply = R"({"path": "db/main", "version": 3, "changed_at": 999940000000000, "items":
                {"password": {"secret": true, "value": null}, "user": {"secret": false, "value": "app"}}})";
    EXPECT_EQ(run({"var", "get", "db/main"}), kOk);
    EXPECT_EQ(out, "Variable db/main, version 3, changed 1m ago\nITEM      VALUE\npassword  (secret)\nuser      app\n");
    EXPECT_EQ(run({"var", "get", "db/main", "user"}), kOk);
    EXPECT_EQ(out, "app\n");
    EXPECT_EQ(run({"var", "get", "db/main", "password"}), kFailed);
    EXPECT_EQ(run({"var", "get", "db/main", "pass"}), kNotFound);
    EXPECT_EQ(run({"var", "get", "db/main", "-o", "json"}), kOk);
    EXPECT_EQ(Json::parse(out)["items"]["password"]["value"], nullptr);
}

TEST_F(Var, ListNamesItemsAndRmRemoves) {
    reply = R"({"variables": [{"path": "db/main", "version": 3, "changed_at": 999940000000000,
                               "items": {"password": {"secret": true}, "user": {"secret": false}}}]})";
    EXPECT_EQ(run({"var", "list"}), kOk);
    EXPECT_EQ(out, "PATH     VERSION  CHANGED  ITEMS\ndb/main  3        1m       password (secret), user\n");
    EXPECT_EQ(run({"var", "list", "web/"}), kOk);
    EXPECT_EQ(out, "There are no variables.\n");
    EXPECT_EQ(run({"var", "rm", "db/main"}), kOk);
    EXPECT_EQ(asked, "DELETE /v1/variables/db/main");
    status = 404;
    reply = R"({"error": {"kind": "not_found", "message": "there is no variable"}})";
    EXPECT_EQ(run({"var", "rm", "db/main"}), kNotFound);
}

}  // namespace
}  // namespace drover::cli
