#include "cli/text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace drover::cli {
namespace {

TEST(Text, TablesAlignWhateverColoursAndLettersTheyHold) {
    Table table({"NAME", "STATUS", "WHY"});
    table.add({"web", paint("running", Tone::good, true), ""});
    table.add({"größe", "x", "because"});
    EXPECT_EQ(table.text("> "), "> NAME   STATUS   WHY\n> web    \x1b[32mrunning\x1b[0m\n> größe  x        because\n");
}

TEST(Text, AgesAreRoundedToOneUnit) {
    const Instant now{seconds(1'000'000).ns};
    EXPECT_EQ(age(now - seconds(59), now), "59s");
    EXPECT_EQ(age(now - seconds(60), now), "1m");
    EXPECT_EQ(age(now - hours(47), now), "47h");
    EXPECT_EQ(age(now - hours(48), now), "2d");
    EXPECT_EQ(age(now + seconds(5), now), "0s");
    EXPECT_EQ(age({}, now), "-");
}

TEST(Text, TimesNameTheDayOnlyWhenItIsNotToday) {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    const Instant noon{(seconds(1'767'355'445) + milliseconds(78)).ns};
    EXPECT_EQ(clock(noon, noon + hours(1)), "12:04:05.078");
    EXPECT_EQ(clock(noon, noon + hours(24)), "2026-01-02 12:04:05.078");
}

TEST(Text, SizesAreShort) {
    EXPECT_EQ(bytes(0), "0 B");
    EXPECT_EQ(bytes(64ULL << 20), "64 MiB");
    EXPECT_EQ(bytes(1536), "1.5 KiB");
    EXPECT_EQ(bytes(24ULL << 30), "24 GiB");
}

TEST(Text, WhatTasksSayCannotDriveTheTerminal) { EXPECT_EQ(printable("a\x1b[2Jb\n"), "a?[2Jb?"); }

TEST(Text, NoColourWithoutATerminal) { EXPECT_EQ(paint("failed", Tone::bad, false), "failed"); }

}  // namespace
}  // namespace drover::cli
