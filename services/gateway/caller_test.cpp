#include "gateway/caller.hpp"

#include <gtest/gtest.h>

namespace drover::gateway {
namespace {

constexpr const char* kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1226 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n"
    "   1: 0100007F:1226 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0\n"
    "   2: 0100007F:C350 0100007F:1226 01 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0\n";

TEST(Caller, IsTheUserWhoOwnsTheClientsSocket) {
    EXPECT_EQ(owner_of(kTable, 50000, 4646), 1000U);
    EXPECT_FALSE(owner_of(kTable, 50001, 4646));
    EXPECT_FALSE(owner_of("", 50000, 4646));
}

TEST(Caller, WithATokenIsItsNameWhereverItIs) {
    EXPECT_EQ(caller({"127.0.0.1", 1, 2, "alice"}, "bob"), "alice");
    EXPECT_EQ(caller({"10.0.0.5", 1, 2, "alice"}, ""), "alice");
}

TEST(Caller, OfAnotherMachineIsAPlaceAndAClaim) {
    EXPECT_EQ(caller({"10.0.0.5", 1, 2}, ""), "somebody at 10.0.0.5");
    EXPECT_EQ(caller({"10.0.0.5", 1, 2}, "al\nice"), "somebody at 10.0.0.5 who says to be alice");
}

}  // namespace
}  // namespace drover::gateway
