#include "base/units.hpp"

#include <gtest/gtest.h>

namespace drover {
namespace {

TEST(Units, ReadDurationsTheWayPeopleWriteThem) {
    EXPECT_EQ(parse_duration("15s"), seconds(15));
    EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
    EXPECT_EQ(parse_duration("1h30m"), minutes(90));
    EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
    EXPECT_EQ(parse_duration("2d"), hours(48));
    EXPECT_EQ(parse_duration("7us"), microseconds(7));
    EXPECT_EQ(parse_duration("0"), Duration{});
    EXPECT_EQ(parse_duration("0s"), Duration{});
}

TEST(Units, ReadBackEveryDurationThatIsPrinted) {
    for (std::int64_t ns = 1; ns > 0 && ns < hours(100'000).ns; ns = ns * 7 + 3) {
        EXPECT_EQ(parse_duration(to_string(Duration{ns})), Duration{ns}) << ns;
    }
}

TEST(Units, RefuseWhatIsNoDuration) {
    for (const char* text : {"", "5", "s", "-5s", "5 s", "5x", "1m1h", "1s1s", "1.s", "1e3s", "999999999999h", "5s "}) {
        const auto parsed = parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().message.find("\"" + std::string(text) + "\""), std::string::npos);
    }
}

TEST(Units, ReadSizesTheWayPeopleWriteThem) {
    EXPECT_EQ(parse_size("64MiB"), Size{64U << 20});
    EXPECT_EQ(parse_size("10MB"), Size{10'000'000});
    EXPECT_EQ(parse_size("512k"), Size{512U << 10});
    EXPECT_EQ(parse_size("1.5GiB"), Size{3ULL << 29});
    EXPECT_EQ(parse_size("4096"), Size{4096});
    EXPECT_EQ(parse_size("2mib"), Size{2U << 20});
    EXPECT_EQ(parse_size("0"), Size{});
}

TEST(Units, ReadBackEverySizeThatIsPrinted) {
    for (std::uint64_t n = 0; n < 1ULL << 50; n = n * 5 + 1000) EXPECT_EQ(parse_size(to_string(Size{n})), Size{n});
    EXPECT_EQ(to_string(Size{64U << 20}), "64MiB");
    EXPECT_EQ(to_string(Size{10'000'000}), "10MB");
}

TEST(Units, RefuseWhatIsNoSize) {
    for (const char* text : {"", "MiB", "-1", "1 MiB", "1Mi B", "1Q", "99999999999999999999", "9999999TiB"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
}

TEST(Instants, AreReadAsTheyArePrintedAndInAnyZone) {
    const Instant noon{seconds(1'796'040'000).ns};
    EXPECT_EQ(to_string(noon), "2026-11-30T12:00:00.000Z");
    EXPECT_EQ(parse_instant("2026-11-30T12:00:00Z").value(), noon);
    EXPECT_EQ(parse_instant("2026-11-30T13:30:00+01:30").value(), noon);
    EXPECT_EQ(parse_instant("2026-11-30T07:00:00.25-05:00").value(), noon + milliseconds(250));
    EXPECT_EQ(parse_instant(to_string(noon + milliseconds(7))).value(), noon + milliseconds(7));
    EXPECT_EQ(parse_instant("2028-02-29T00:00:00Z").value() - parse_instant("2028-02-28T00:00:00Z").value(), hours(24));
}

TEST(Instants, RefuseWhatIsNoPointInTime) {
    for (const char* text :
         {"", "now", "2026-11-30", "2026-11-30T12:00:00", "2026-11-30 12:00:00Z", "2026-11-31T12:00:00Z",
          "2027-02-29T12:00:00Z", "2026-11-30T24:00:00Z", "2026-11-30T12:60:00Z", "2026-11-30T12:00:00.Z",
          "2026-11-30T12:00:00+1:00", "2026-11-30T12:00:00Zx", "1969-12-31T23:59:59Z", "2999-01-01T00:00:00Z"}) {
        const auto read = parse_instant(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().kind, ErrorKind::invalid);
    }
}

}  // namespace
}  // namespace drover
