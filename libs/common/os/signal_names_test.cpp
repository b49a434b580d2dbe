#include "os/signal_names.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace drover::os {
namespace {

TEST(SignalNames, AreKnownWithAndWithoutTheirPrefix) {
    EXPECT_EQ(signal_number("SIGHUP").value(), SIGHUP);
    EXPECT_EQ(signal_number("USR1").value(), SIGUSR1);
    EXPECT_EQ(signal_number("").value(), SIGINT);
    EXPECT_FALSE(signal_number("SIGNOPE"));
    EXPECT_FALSE(signal_number("SIG"));
    EXPECT_EQ(signal_name(SIGHUP), "SIGHUP");
    EXPECT_EQ(signal_name(63), "63");
}

}  // namespace
}  // namespace drover::os
