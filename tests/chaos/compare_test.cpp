#include "compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::chaos {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Json event(std::uint64_t number, const std::string& task, std::uint64_t n, const std::string& type = "Started") {
    return {{"number", number}, {"alloc", "a"}, {"task", task}, {"n", n}, {"type", type}, {"details", Json::object()}};
}

Json terminated(std::uint64_t number, std::uint64_t n, int code) {
    Json made = event(number, "t", n, "Terminated");
    made["details"]["exit_code"] = std::to_string(code);
    return made;
}

TEST(Compare, AnEndThatIsMissingDoubledOrOfAnotherCodeIsFound) {
    const Lives lives = {{"a.t", {{10, 7}, {11, std::nullopt}, {12, std::nullopt}}}};
    const Ends ends = {{"a.t", {{11, kKilled}}}};
    std::uint64_t compared = 0;
    const auto wrong = [&](const std::vector<Json>& log) { return compare_exits(lives, ends, log, compared); };
    EXPECT_THAT(wrong({terminated(1, 1, 7), terminated(2, 2, 137), terminated(3, 3, 130)}), IsEmpty());
    EXPECT_EQ(compared, 3U);
    EXPECT_EQ(wrong({terminated(1, 1, 7), terminated(2, 2, 137)}).size(), 1U);
    EXPECT_EQ(wrong({terminated(1, 1, 7), terminated(2, 2, 7), terminated(3, 3, 137), terminated(4, 4, 130)}).size(),
              1U);
    EXPECT_THAT(wrong({terminated(1, 1, 8), terminated(2, 2, 137), terminated(3, 3, 130)}),
                testing::ElementsAre(HasSubstr("ended with 7 137 130; recorded is 8 137 130")));
    EXPECT_EQ(compare_exits({}, {}, {terminated(1, 1, 7)}, compared).size(), 1U);
    EXPECT_THAT(wrong({terminated(1, 1, 7), terminated(2, 2, 137), terminated(3, 3, 130), terminated(4, 4, 130)}),
                IsEmpty())
        << "it was stopped before it could write";
    EXPECT_EQ(wrong({terminated(1, 1, 7), terminated(2, 2, 137), terminated(3, 3, 130), terminated(4, 4, -1)}).size(),
              1U);
}

TEST(Compare, AHoleOrARepeatInTheLogIsFound) {
    EXPECT_THAT(check_log({event(1, "t", 1), event(2, "u", 1), event(5, "t", 2)}), IsEmpty());
    EXPECT_EQ(check_log({event(1, "t", 1), event(2, "t", 3)}).size(), 1U);
    EXPECT_EQ(check_log({event(1, "t", 1), event(2, "t", 1)}).size(), 1U);
    EXPECT_EQ(check_log({event(2, "t", 1), event(1, "u", 1)}).size(), 1U);
}

TEST(Compare, AListenerThatMissedAnEventIsFound) {
    const std::vector<Json> log = {event(1, "t", 1), event(2, "t", 2)};
    EXPECT_THAT(compare_logs(log, log), IsEmpty());
    EXPECT_EQ(compare_logs({log[0]}, log).size(), 1U);
    EXPECT_EQ(compare_logs({log[1], log[0]}, log).size(), 1U);
}

TEST(Compare, ATaskThatEndedWithoutOurDoingIsFound) {
    const Lives lives = {{"a.stays-0", {{10, std::nullopt}, {11, std::nullopt}}}, {"a.crashes-0", {{1, 2}, {2, 3}}}};
    EXPECT_THAT(find_harm(lives, {{"a.stays-0", {{10, kKilled}}}}), IsEmpty());
    EXPECT_THAT(find_harm(lives, {}), testing::ElementsAre(HasSubstr("process 10 of task a.stays-0")));
}

}  // namespace
}  // namespace drover::chaos
