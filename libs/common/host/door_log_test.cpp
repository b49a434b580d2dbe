#include "host/door_log.hpp"

#include <gmock/gmock.h>

#include "host/log.hpp"

namespace drover::host {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
    return n;
}

TEST(DoorLog, SaysEveryReasonAtOnceAndEachAtMostOnceASecond) {
    std::atomic<std::uint64_t> turned_away = 0;
    testing::internal::CaptureStderr();
    log::setup("drover-test", log::Level::info);
    const auto refused = log_refusals(turned_away);
    for (int i = 0; i < 50; ++i) {
        refused({"10.0.0.7", "it went away before it was let in"});
        refused({"10.0.0.8", "it does not use CURVE"});
    }
    const std::string out = testing::internal::GetCapturedStderr();
    EXPECT_EQ(turned_away, 100u);
    EXPECT_THAT(out, testing::HasSubstr("peer=10.0.0.7 why=\"it went away before it was let in\" unsaid=0"));
    EXPECT_THAT(out, testing::HasSubstr("peer=10.0.0.8 why=\"it does not use CURVE\" unsaid=0"));
    EXPECT_LE(count(out, "turned away"), 4u);
}

TEST(DoorLog, WhoeverMakesUpReasonsDoesNotFillTheLog) {
    std::atomic<std::uint64_t> turned_away = 0;
    testing::internal::CaptureStderr();
    log::setup("drover-test", log::Level::info);
    const auto refused = log_refusals(turned_away);
    for (int i = 0; i < 1000; ++i) refused({"10.0.0.7", "its key is not listed for the role " + std::to_string(i)});
    EXPECT_LE(count(testing::internal::GetCapturedStderr(), "turned away"), 40u);
    EXPECT_EQ(turned_away, 1000u);
}

}  // namespace
}  // namespace drover::host
