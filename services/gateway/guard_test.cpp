#include "gateway/guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace drover::gateway {
namespace {

using secret::TokenRole;
using testing::HasSubstr;
using testing::Not;

struct GuardTest : testing::Test {
    GuardTest() { write({{secret::hash_token("open-sesame"), TokenRole::submit, "alice"}}); }
    ~GuardTest() override { std::remove(file.c_str()); }

    void write(const std::vector<secret::TokenHolder>& holders) const {
        std::string text;
        for (const auto& holder : holders) text += secret::token_line(holder);
        ASSERT_TRUE(os::write_file_atomic(file, text, 0600, os::Durable::no));
    }

    const std::string file = testing::TempDir() + "drover-tokens-" + random_hex(8);
    http::Peer peer{"10.0.0.5", 1, 2};
};

TEST_F(GuardTest, LetsInWhoHasAListedTokenUnderItsNameAndRole) {
    Guard guard(file);
    ASSERT_TRUE(guard.load());
    ASSERT_TRUE(guard.admit("Bearer open-sesame", peer));
    EXPECT_EQ(peer.token_name, "alice");
    EXPECT_EQ(peer.role, TokenRole::submit);
    EXPECT_TRUE(guard.admit("bearer open-sesame", peer)) << "schemes have no case";
}

TEST_F(GuardTest, TurnsEverybodyElseAwayCountedAndWithoutRepeatingTheToken) {
    Guard guard(file);
    ASSERT_TRUE(guard.load());
    const std::uint64_t before = guard.refusals();
    const std::string wrong[] = {"",
                                 "Bearer",
                                 "Bearer ",
                                 "Bearer open-sesam",
                                 "Bearer open-sesame2",
                                 "Basic open-sesame",
                                 "open-sesame",
                                 "Bearer " + std::string(100'000, 'x')};
    testing::internal::CaptureStderr();
    for (const std::string& authorization : wrong) {
        const auto in = guard.admit(authorization, peer);
        ASSERT_FALSE(in) << authorization;
        EXPECT_EQ(in.error().status, 401);
        EXPECT_EQ(in.error().headers.at("WWW-Authenticate"), "Bearer");
        EXPECT_THAT(in.error().body, Not(HasSubstr("sesam")));
    }
    EXPECT_EQ(guard.refusals(), before + std::size(wrong));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, testing::AllOf(HasSubstr("turned away"), HasSubstr("10.0.0.5"), Not(HasSubstr("sesam"))));
    EXPECT_EQ(peer.token_name, "");
}

TEST_F(GuardTest, WithoutAListAsksForNothing) {
    EXPECT_TRUE(Guard("").admit("", peer));
    EXPECT_EQ(peer.role, TokenRole::admin);
}

TEST_F(GuardTest, ReadsItsListAgainAndKeepsTheOldOneWhenTheNewOneIsNoGood) {
    Guard guard(file);
    ASSERT_TRUE(guard.load());
    ASSERT_TRUE(os::write_file_atomic(file, "nonsense\n", 0600, os::Durable::no));
    EXPECT_FALSE(guard.load());
    EXPECT_TRUE(guard.admit("Bearer open-sesame", peer));
    write({{secret::hash_token("other"), TokenRole::read, "bob"}});
    EXPECT_TRUE(guard.load());
    EXPECT_FALSE(guard.admit("Bearer open-sesame", peer));
    EXPECT_TRUE(guard.admit("Bearer other", peer));
}

TEST(Exposure, OtherMachinesAreServedWithTokensOnlyUnlessItIsSaid) {
    for (const char* near : {"127.0.0.1:0", "127.0.0.2:4646", "[::1]:4646", "localhost:4646"})
        EXPECT_TRUE(check_exposure(near, false, false)) << near;
    for (const char* far : {"0.0.0.0:4646", "[::]:4646", "10.0.0.2:4646", "drover.example.com:80"}) {
        EXPECT_FALSE(check_exposure(far, false, false)) << far;
        EXPECT_TRUE(check_exposure(far, true, false)) << far;
        EXPECT_TRUE(check_exposure(far, false, true)) << far;
    }
}

}  // namespace
}  // namespace drover::gateway
