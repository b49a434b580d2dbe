#include "gateway/log_merge.hpp"

#include <gtest/gtest.h>

#include "gateway/log_tail.hpp"

namespace drover::gateway {
namespace {

logs::Line line(std::int64_t at) { return {Instant{at}, "x", 0}; }

TEST(LogMerge, TheOldestLineIsNextAndAmongEqualsTheFirstLogs) {
    const logs::Line young = line(5), old = line(3), same = line(3);
    EXPECT_EQ(next_log({{&young, {}}, {&old, {}}, {&same, {}}}), std::optional<std::size_t>(1));
    EXPECT_EQ(next_log({}), std::nullopt);
}

TEST(LogMerge, ALineWaitsForALogThatMayStillComeWithAnOlderOne) {
    const logs::Line three = line(3);
    EXPECT_EQ(next_log({{&three, {}}, {nullptr, Instant{2}}}), std::nullopt);
    EXPECT_EQ(next_log({{&three, {}}, {nullptr, Instant{3}}}), std::optional<std::size_t>(0));
    EXPECT_EQ(next_log({{&three, {}}, {nullptr, kNever}}), std::optional<std::size_t>(0)) << "one that is over";
    EXPECT_EQ(next_log({{nullptr, kNever}}), std::nullopt);
}

TEST(LogTail, CountsLinesFromTheEnd) {
    const std::string_view text = "one\ntwo\nthree\n";
    EXPECT_EQ(text.substr(tail_start(text, 1)), "three\n");
    EXPECT_EQ(text.substr(tail_start(text, 2)), "two\nthree\n");
    EXPECT_EQ(text.substr(tail_start(text, 3)), text);
    EXPECT_EQ(text.substr(tail_start(text, 9)), text);
    EXPECT_EQ(text.substr(tail_start(text, 0)), "");
    EXPECT_EQ(tail_start("", 3), 0U);
    EXPECT_EQ(tail_start("\n", 1), 0U);
    EXPECT_EQ(tail_start("a\n\nb", 2), 2U);
    EXPECT_EQ(tail_start("half a li", 1), 0U);
}

}  // namespace
}  // namespace drover::gateway
