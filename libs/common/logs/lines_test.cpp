#include "logs/lines.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace drover::logs {
namespace {

wire::LogChunk chunk(std::uint64_t offset, const std::string& data, std::vector<wire::LogMark> marks = {}) {
    wire::LogChunk out;
    out.offset = offset;
    out.data = data;
    out.marks = std::move(marks);
    return out;
}

std::vector<std::string> all(Lines& lines) {
    std::vector<std::string> out;
    while (!lines.empty()) out.push_back(lines.pop().text);
    return out;
}

using Texts = std::vector<std::string>;

TEST(Lines, AreWholeHoweverTheyAreCut) {
    const std::string text = "one\ntwo\n\nthree\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        Lines lines;
        for (std::size_t at = 0; at < text.size(); at += piece) lines.take(chunk(at, text.substr(at, piece)));
        EXPECT_EQ(all(lines), (Texts{"one", "two", "", "three"})) << piece;
    }
}

TEST(Lines, AreNotDoubledByWhatIsKnownAlready) {
    Lines lines;
    EXPECT_TRUE(lines.take(chunk(0, "one\ntw")));
    EXPECT_FALSE(lines.take(chunk(2, "e\nt")));
    EXPECT_FALSE(lines.take(chunk(4, "")));
    EXPECT_TRUE(lines.take(chunk(4, "two\n")));
    EXPECT_EQ(all(lines), (Texts{"one", "two"}));
    EXPECT_EQ(lines.position(), 8U);
}

TEST(Lines, SayHowMuchWasRemovedBeforeItCouldBeRead) {
    Lines lines;
    lines.take(chunk(0, "one\nbegun"));
    lines.take(chunk(1009, "after\n"));
    EXPECT_EQ(all(lines), (Texts{"one", "begun", hole_text(1000), "after"}));
    EXPECT_EQ(lines.removed(), 1000U);
    Lines from(7);
    from.take(chunk(10, "x\n"));
    EXPECT_EQ(all(from), (Texts{hole_text(3), "x"}));
}

TEST(Lines, HaveTheTimeOfTheirFirstByte) {
    Lines lines;
    lines.take(chunk(10, "old\nhal", {{4, Instant{100}}, {14, Instant{200}}}));
    lines.take(chunk(17, "f\nnew\n", {{14, Instant{200}}, {17, Instant{300}}, {19, Instant{400}}}));
    EXPECT_EQ(lines.pop().at, Instant{100});
    const Line half = lines.pop();
    EXPECT_EQ(half.text, "half");
    EXPECT_EQ(half.at, Instant{200});
    EXPECT_EQ(half.end, 19U);
    EXPECT_EQ(lines.pop().at, Instant{400});
}

TEST(Lines, ThatAreVeryLongComeInPiecesAndTheLastNeedsNoEnd) {
    Lines lines;
    lines.take(chunk(0, std::string(Lines::kLongest + 5, 'x')));
    EXPECT_TRUE(lines.unfinished());
    lines.finish();
    EXPECT_EQ(lines.pop().text.size(), Lines::kLongest);
    EXPECT_EQ(lines.pop().text, "xxxxx");
    EXPECT_FALSE(lines.unfinished());
}

}  // namespace
}  // namespace drover::logs
