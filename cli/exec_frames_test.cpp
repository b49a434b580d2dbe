#include "cli/exec_frames.hpp"

#include <gtest/gtest.h>

namespace drover::cli {
namespace {

TEST(ExecFrames, EachPieceIsTakenOnceAndInOrderHoweverItComes) {
    const std::string answer =
        "out 1 3 stdout\nab\nbeat\nout 2 0 stderr\nout 3 2 stderr\n\n\nend {\"code\":7,\"error\":\"\"}\n";
    for (std::size_t part = 1; part <= answer.size(); ++part) {
        std::string out;
        ExecFrames frames([&](std::string_view stream, std::string_view bytes) {
            out += std::string(stream) + "=" + std::string(bytes) + ";";
        });
        for (std::size_t at = 0; at < answer.size(); at += part) ASSERT_TRUE(frames.feed(answer.substr(at, part)));
        EXPECT_EQ(out, "stdout=ab\n;stderr=;stderr=\n\n;") << part;
        EXPECT_EQ(frames.heard(), 3U);
        ASSERT_TRUE(frames.end());
        EXPECT_EQ(frames.end()->code, 7);
    }
}

TEST(ExecFrames, AnAnswerThatBrokeOffIsGoneOnWithByTheNextWithoutLossOrDoubling) {
    std::string out;
    ExecFrames frames([&](std::string_view, std::string_view bytes) { out += bytes; });
    ASSERT_TRUE(frames.feed("out 1 3 stdout\nabcout 2 3 stdout\nde"));
    frames.restart();
    ASSERT_TRUE(frames.feed("out 1 3 stdout\nabcout 2 3 stdout\ndef"));
    EXPECT_EQ(out, "abcdef");
}

TEST(ExecFrames, WhatMakesNoSenseIsRefused) {
    for (const char* answer : {"HTTP/1.1 200 OK\n", "out x y z\n", "out 1 999999 stdout\n", "out 2 0 stdout\n",
                               "end 7\n", "end {\"code\":\"x\"}\n"}) {
        ExecFrames frames([](std::string_view, std::string_view) {});
        EXPECT_FALSE(frames.feed(answer)) << answer;
    }
    ExecFrames frames([](std::string_view, std::string_view) {});
    EXPECT_FALSE(frames.feed(std::string(10'000, 'x')));
}

}  // namespace
}  // namespace drover::cli
