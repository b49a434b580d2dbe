#include "driver-manager/docker/frames.hpp"

#include <gtest/gtest.h>

namespace drover::docker {
namespace {

struct Logs {
    std::string text[2];

    Frames frames(const Positions& positions = {}) {
        return Frames(
            positions, {text[0].size(), text[1].size()},
            [this](int stream, std::int64_t, std::string_view bytes) { return text[stream].append(bytes).size(); });
    }
};

std::string frame(int stream, const std::string& time, const std::string& text) {
    const std::string message = "2026-11-30T12:43:" + time + "Z " + text;
    std::string out(8, '\0');
    out[0] = static_cast<char>(stream);
    out[6] = static_cast<char>(message.size() >> 8U);
    out[7] = static_cast<char>(message.size());
    return out + message;
}

const std::string kAnswer = frame(1, "01.000000001", "one\n") + frame(2, "01.000000002", "bad\n") +
                            frame(1, "01.000000003", "a long ") + frame(1, "01.000000003", "line\n") +
                            frame(1, "02.000000000", "two\n");
const std::string kOut = "one\na long line\ntwo\n";

TEST(DockerFrames, GiveEachStreamItsBytesHoweverTheyAreCut) {
    for (std::size_t piece = 1; piece <= kAnswer.size(); ++piece) {
        Logs logs;
        Frames frames = logs.frames();
        for (std::size_t at = 0; at < kAnswer.size(); at += piece)
            ASSERT_TRUE(frames.feed(std::string_view(kAnswer).substr(at, piece)));
        EXPECT_EQ(logs.text[0], kOut) << piece;
        EXPECT_EQ(logs.text[1], "bad\n") << piece;
    }
}

TEST(DockerFrames, LoseAndDoubleNothingWhereverTheDaemonHangsUp) {
    for (std::size_t cut = 0; cut <= kAnswer.size(); ++cut) {
        Logs logs;
        Frames frames = logs.frames();
        ASSERT_TRUE(frames.feed(std::string_view(kAnswer).substr(0, cut)));
        frames.restart();
        ASSERT_TRUE(frames.feed(kAnswer));
        EXPECT_EQ(logs.text[0], kOut) << cut;
        EXPECT_EQ(logs.text[1], "bad\n") << cut;
    }
}

TEST(DockerFrames, LoseAndDoubleNothingWhereverTheSupervisorIsKilled) {
    for (std::size_t cut = 0; cut <= kAnswer.size(); ++cut) {
        for (std::size_t later = cut; later <= kAnswer.size(); ++later) {
            Logs logs;
            Frames first = logs.frames();
            ASSERT_TRUE(first.feed(std::string_view(kAnswer).substr(0, cut)));
            const Positions kept = first.positions();
            // Written to the log, but not yet remembered.
            ASSERT_TRUE(first.feed(std::string_view(kAnswer).substr(cut, later - cut)));
            Frames second = logs.frames(kept);
            ASSERT_TRUE(second.feed(kAnswer));
            EXPECT_EQ(logs.text[0], kOut) << cut << " " << later;
            EXPECT_EQ(logs.text[1], "bad\n") << cut << " " << later;
        }
    }
}

TEST(DockerFrames, AreAskedForAgainFromShortlyBeforeTheLast) {
    Logs logs;
    Frames frames = logs.frames();
    EXPECT_EQ(frames.since(), "0");
    ASSERT_TRUE(frames.feed(kAnswer));
    EXPECT_EQ(frames.since(), std::to_string(parse_time("2026-11-30T12:43:01Z") / 1'000'000'000) + ".000000000");
}

TEST(DockerFrames, RefuseWhatIsNotMadeOfThem) {
    Logs logs;
    EXPECT_FALSE(logs.frames().feed("HTTP/1.1 200 OK"));
    EXPECT_FALSE(logs.frames().feed(std::string("\1\0\0\0\0\0\0\5hello", 13)));
    EXPECT_FALSE(logs.frames().feed(std::string("\1\0\0\0\377\0\0\5", 8)));
    EXPECT_EQ(logs.text[0], "");
}

TEST(DockerTime, IsReadToTheNanosecond) {
    EXPECT_EQ(parse_time("1970-01-01T00:00:01.5Z"), 1'500'000'000);
    EXPECT_EQ(parse_time("2026-11-30T12:43:06.734269834Z") % 1'000'000'000, 734269834);
    EXPECT_EQ(parse_time("0001-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_time("yesterday"), 0);
}

}  // namespace
}  // namespace drover::docker
