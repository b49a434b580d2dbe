#include "driver-manager/docker/login.hpp"

#include <gtest/gtest.h>

namespace drover::docker {
namespace {

TEST(Registry, IsTheFirstPartOfAnImageThatLooksLikeAHost) {
    const std::pair<const char*, const char*> table[] = {
        {"redis", "docker.io"},
        {"redis:7", "docker.io"},
        {"team/app:1", "docker.io"},
        {"docker.io/team/app", "docker.io"},
        {"index.docker.io/team/app", "docker.io"},
        {"registry.example.org/app", "registry.example.org"},
        {"127.0.0.1:5000/app:1", "127.0.0.1:5000"},
        {"localhost/app@sha256:00", "localhost"},
    };
    for (const auto& [image, registry] : table) EXPECT_EQ(registry_of(image), registry) << image;
}

TEST(Login, TravelsInTheHeaderThatTheDaemonReads) {
    // base64url of {"password":"hunter2","serveraddress":"r.example","username":"ci"}
    EXPECT_EQ(login_header({"ci", "hunter2"}, "r.example"),
              "X-Registry-Auth: "
              "eyJwYXNzd29yZCI6Imh1bnRlcjIiLCJzZXJ2ZXJhZGRyZXNzIjoici5leGFtcGxlIiwidXNlcm5hbWUiOiJjaSJ9\r\n");
    EXPECT_NE(login_header({"ci", "\xc3\xbf\xc3\xbf?"}, "r").find_first_of("-_"), std::string::npos)
        << "of the alphabet for URLs";
}

TEST(Login, OfATaskIsThreeWordsOrNothing) {
    const auto login = parse_login(std::string_view("ci\0hunter2\0\0", 12));
    ASSERT_TRUE(login);
    EXPECT_EQ(login->user, "ci");
    EXPECT_EQ(login->password, "hunter2");
    EXPECT_EQ(login->server, "");
    EXPECT_FALSE(parse_login(""));
    EXPECT_FALSE(parse_login(std::string_view("ci\0hunter2\0", 11)));
}

TEST(Login, OfANodeIsFoundAsDockerWritesIt) {
    const char* config = R"({"auths": {
        "https://index.docker.io/v1/": {"auth": "aHViOnNlY3JldA=="},
        "r.example:5000": {"username": "ci", "password": "hunter2"},
        "https://t.example": {"identitytoken": "tok"},
        "empty.example": {}}})";
    EXPECT_EQ((*find_login(config, "docker.io"))->user, "hub");
    EXPECT_EQ((*find_login(config, "docker.io"))->password, "secret");
    EXPECT_EQ((*find_login(config, "r.example:5000"))->password, "hunter2");
    EXPECT_EQ((*find_login(config, "t.example"))->token, "tok");
    EXPECT_FALSE(*find_login(config, "empty.example"));
    EXPECT_FALSE(*find_login(config, "r.example"));
    EXPECT_FALSE(*find_login("{}", "r.example"));
    const auto broken = find_login(R"({"auths": {"r": {"auth": "hunter2)", "r");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().message.find("hunter2"), std::string::npos) << "what is written there is secret";
}

}  // namespace
}  // namespace drover::docker
