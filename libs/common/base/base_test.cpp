#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace drover {
namespace {

TEST(Backoff, NeverLeavesItsBoundsWhateverTheAttempt) {
    for (std::uint64_t n = 0; n <= 1'000'000; n = n < 100 ? n + 1 : n * 3) {
        const Duration d = backoff(seconds(5), n, minutes(2));
        EXPECT_GE(d, seconds(5));
        EXPECT_LE(d, minutes(2));
    }
    EXPECT_EQ(backoff(seconds(1), 3, minutes(1)), seconds(8));
}

TEST(Duration, PrintsTheWayNomadDoes) {
    EXPECT_EQ(to_string(seconds(5)), "5s");
    EXPECT_EQ(to_string(milliseconds(10)), "10ms");
    EXPECT_EQ(to_string(seconds(90)), "1m30s");
    EXPECT_EQ(to_string(milliseconds(1169)), "1.169s");
    EXPECT_EQ(to_string(milliseconds(60'050)), "1m0.05s");
    EXPECT_EQ(to_string(microseconds(1500)), "1.5ms");
    EXPECT_EQ(to_string(Duration{-2}), "-2ns");
    EXPECT_EQ(to_string(Duration{}), "0s");
}

TEST(Instant, PrintsRfc3339) { EXPECT_EQ(to_string(Instant{1'500}), "1970-01-01T00:00:00.000Z"); }

TEST(StableHash, IsTheSameNumberForEver) {
    EXPECT_EQ(to_hex(stable_hash("drover")), to_hex(stable_hash("drover", 0)));
    EXPECT_NE(stable_hash("drover"), stable_hash("drovers"));
    EXPECT_EQ(random_hex(8).size(), 8U);
}

}  // namespace
}  // namespace drover
