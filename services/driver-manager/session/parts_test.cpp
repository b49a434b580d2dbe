#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "driver-manager/session/demux.hpp"
#include "driver-manager/session/oci.hpp"

namespace drover::session {
namespace {

using Json = nlohmann::json;

std::string frame(int stream, const std::string& bytes) {
    std::string head(8, '\0');
    head[0] = static_cast<char>(stream);
    head[6] = static_cast<char>(bytes.size() >> 8U);
    head[7] = static_cast<char>(bytes.size());
    return head + bytes;
}

TEST(Demux, StreamsComeApartHoweverTheirFramesAreCut) {
    const std::string all = frame(1, "one") + frame(2, std::string(700, 'e')) + frame(1, "") + frame(1, "two");
    for (const std::size_t part : {1UL, 2UL, 7UL, 9UL, 500UL, all.size()}) {
        std::string streams[2];
        Demux demux([&](int stream, std::string_view bytes) { streams[stream] += bytes; });
        for (std::size_t at = 0; at < all.size(); at += part) ASSERT_TRUE(demux.feed(all.substr(at, part)));
        EXPECT_EQ(streams[0], "onetwo") << part;
        EXPECT_EQ(streams[1], std::string(700, 'e')) << part;
    }
}

TEST(Demux, WhatIsNotMadeOfFramesIsRefused) {
    Demux demux([](int, std::string_view) {});
    EXPECT_FALSE(demux.feed("HTTP/1.1 200 OK"));
}

TEST(OciProcess, IsTheTasksOwnWithOtherWordsAndATerminal) {
    const std::string config = R"({"process": {"args": ["/init", "init", "/bin/server"], "cwd": "/local",
        "env": ["PATH=/bin", "TERM=none", "PASSWORD=x"], "user": {"uid": 1000, "additionalGids": [44]},
        "noNewPrivileges": true}})";
    const Json shell =
        Json::parse(oci_process(config, {.words = {"sh", "-c", "id"}, .tty = true, .tty_type = "xterm"}).value());
    EXPECT_EQ(shell["args"], Json::parse(R"(["/init", "tied", "sh", "-c", "id"])"));
    EXPECT_EQ(shell["env"], Json::parse(R"(["PATH=/bin", "PASSWORD=x", "TERM=xterm"])"));
    EXPECT_EQ(shell["terminal"], true);
    EXPECT_EQ(shell["cwd"], "/local");
    EXPECT_EQ(shell["user"]["additionalGids"], Json::array({44}));
    EXPECT_EQ(shell["noNewPrivileges"], true);
    EXPECT_EQ(Json::parse(oci_process(config, {.words = {"id"}}).value())["terminal"], false);
}

TEST(OciProcess, AConfigurationThatMakesNoSenseIsRefusedWithASentence) {
    for (const char* config : {"", "{}", R"({"process": {"args": []}})", R"({"process": {"args": [1], "env": 7}})"})
        EXPECT_FALSE(oci_process(config, {.words = {"id"}, .tty = true, .tty_type = "xterm"})) << config;
    EXPECT_FALSE(oci_process(R"({"process": {"args": ["/init"], "env": []}})", {.words = {"\xff"}}));
}

}  // namespace
}  // namespace drover::session
