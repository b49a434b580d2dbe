#include "base/nearest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace drover {
namespace {

const std::vector<std::string> kNames = {"name", "driver", "kill_timeout", "kill_signal", "env"};

TEST(Nearest, FindsTheNameThatWasMeant) {
    EXPECT_EQ(nearest("drivr", kNames), "driver");
    EXPECT_EQ(nearest("dirver", kNames), "driver");
    EXPECT_EQ(nearest("Kill-Timeout", kNames), "kill_timeout");
    EXPECT_EQ(nearest("kil_singal", kNames), "kill_signal");
    EXPECT_EQ(nearest("evn", kNames), "env");
}

TEST(Nearest, SaysNothingRatherThanSomethingFar) {
    EXPECT_EQ(nearest("zebra", kNames), "");
    EXPECT_EQ(nearest("", kNames), "");
    EXPECT_EQ(nearest(std::string(10'000, 'x'), kNames), "");
}

TEST(Nearest, CountsASwapOfNeighboursAsOneMistake) {
    EXPECT_EQ(edit_distance("ab", "ba"), 1U);
    EXPECT_EQ(edit_distance("abc", "abc"), 0U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

}  // namespace
}  // namespace drover
