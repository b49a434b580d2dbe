// What the tests of the real transport share.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "bus/zmq_transport.hpp"

namespace drover::bus {

inline std::string ipc(const std::string& name) { return "ipc://@drover-test-" + random_hex(12) + "-" + name; }

// Below the ephemeral range: connecting to one's own ephemeral port can connect to itself. `n`: another one each, up
// to 7.
inline int test_port(int n) { return 12'000 + static_cast<int>(::getpid() % 2'000) * 8 + n; }

inline std::unique_ptr<ZmqTransport> open(rt::Loop& loop, const ZmqConfig& config) {
    auto transport = ZmqTransport::open(loop, config);
    EXPECT_TRUE(transport.has_value()) << (transport ? "" : transport.error().message);
    return std::move(*transport);
}

}  // namespace drover::bus
