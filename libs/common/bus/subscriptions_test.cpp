#include "bus/subscriptions.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "bus/topic.hpp"

namespace drover::bus {
namespace {

TEST(Subscriptions, HearWhatBeginsWithThemAndWhatTheyBeginWith) {
    Subscriptions subscriptions;
    EXPECT_FALSE(subscriptions.overlap("v1/task/stats/"));
    subscriptions.add("v1/task/stats/web/a1/");
    subscriptions.add("v1/task/log/");
    EXPECT_TRUE(subscriptions.overlap("v1/task/stats/"));
    EXPECT_TRUE(subscriptions.overlap("v1/task/stats/web/a1/server/"));
    EXPECT_FALSE(subscriptions.overlap("v1/task/stats/web/a10/server/"));
    EXPECT_FALSE(subscriptions.overlap("v1/stats/node/"));
    EXPECT_TRUE(subscriptions.overlap("v1/task/log/web/a2/server/stdout/"));
    subscriptions.remove("v1/task/log/");
    EXPECT_FALSE(subscriptions.overlap("v1/task/log/web/a2/server/stdout/"));
    subscriptions.add("");
    EXPECT_TRUE(subscriptions.overlap("v1/stats/node/"));
}

TEST(Subscriptions, AnswerAsLookingAtEachWould) {
    std::mt19937 random(7);
    const auto word = [&] {
        std::string out;
        for (auto size = random() % 5; size > 0; --size) out += static_cast<char>('a' + random() % 2);
        return out;
    };
    for (int round = 0; round < 2000; ++round) {
        Subscriptions subscriptions;
        std::vector<std::string> all;
        for (auto size = random() % 6; size > 0; --size) subscriptions.add(all.emplace_back(word()));
        const std::string prefix = word();
        const bool expected =
            std::any_of(all.begin(), all.end(), [&](const auto& one) { return overlaps(one, prefix); });
        ASSERT_EQ(subscriptions.overlap(prefix), expected) << prefix << " of " << testing::PrintToString(all);
    }
}

}  // namespace
}  // namespace drover::bus
