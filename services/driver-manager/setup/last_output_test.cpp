#include "driver-manager/setup/last_output.hpp"

#include <gtest/gtest.h>

namespace drover::setup {
namespace {

std::string numbered(int from, int to) {
    std::string out;
    for (int i = from; i <= to; ++i) out += "line " + std::to_string(i) + "\n";
    return out;
}

TEST(LastOutput, ErrorsComeLastAndOutputFillsTheRoomThatTheyLeave) {
    EXPECT_EQ(last_output("", ""), "");
    EXPECT_EQ(last_output("a\nb\n", "oops\n"), "a\nb\noops");
    EXPECT_EQ(last_output("a\nb", ""), "a\nb");
    EXPECT_EQ(last_output("hello\n", numbered(1, 25)), numbered(6, 25).substr(0, numbered(6, 25).size() - 1));
    EXPECT_EQ(last_output(numbered(1, 30), numbered(1, 18)), "line 29\nline 30\n" + last_output("", numbered(1, 18)));
}

TEST(LastOutput, NeverHasMoreThanFourKibibytesAndBeginsWithAWholeLine) {
    std::string many;
    for (int i = 0; i < 10; ++i) many += std::string(999, static_cast<char>('a' + i)) + "\n";
    const std::string said = last_output("", many);
    EXPECT_LE(said.size(), 4096U);
    EXPECT_EQ(said.size(), 4 * 1000U - 1);
    EXPECT_EQ(said[0], 'g');
    EXPECT_EQ(last_output("", std::string(5000, 'x')), std::string(4096, 'x'));
    EXPECT_LE(last_output(std::string(5000, 'x'), "short").size(), 4096U);
}

TEST(LastOutput, IsValidUtf8WhateverTheProcessWrote) {
    EXPECT_EQ(last_output("", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
              "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
    EXPECT_EQ(last_output("", "a\xff\xc3(\xed\xa0\x80\xc0\x80z"),
              "a?"
              "?(?????z");
    EXPECT_EQ(last_output("", std::string("a\0\x1b[1mb\r\n", 8)),
              "a?"
              "?[1mb");
    std::string euros;
    for (int i = 0; i < 3000; ++i) euros += "\xe2\x82\xac";
    EXPECT_EQ(last_output("", euros).size(), 4095U);
}

}  // namespace
}  // namespace drover::setup
