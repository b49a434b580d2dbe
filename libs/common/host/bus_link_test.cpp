#include "host/bus_link.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "rt/epoll_loop.hpp"

namespace drover::host {
namespace {

using testing::HasSubstr;

// Below the ephemeral ports, others than those of the tests of the bus.
std::string range() {
    const int first = 30'000 + static_cast<int>(::getpid() % 600) * 4;
    return "tcp://127.0.0.1:" + std::to_string(first) + "-" + std::to_string(first + 1);
}

TEST(BusLink, ReplicasThatShareARangeOfPortsTakeOneEachUntilThereIsNone) {
    rt::EpollLoop loop;
    ServiceConfig config;
    config.bind = {range()};
    const auto first = open_bus(loop, config, "alloc-runner", {});
    const auto second = open_bus(loop, config, "alloc-runner", {});
    ASSERT_TRUE(first.has_value()) << first.error().message;
    ASSERT_TRUE(second.has_value()) << second.error().message;
    const auto third = open_bus(loop, config, "alloc-runner", {});
    ASSERT_FALSE(third.has_value());
    EXPECT_THAT(third.error().message, HasSubstr("cannot bind tcp://127.0.0.1:"));
}

TEST(BusLink, ARangeThatIsNoneIsRefusedWithWhatItShouldBe) {
    rt::EpollLoop loop;
    ServiceConfig config;
    for (const char* bad : {"tcp://127.0.0.1:7110-", "tcp://127.0.0.1:7110-7100", "tcp://127.0.0.1:1-65535"}) {
        config.bind = {bad};
        const auto opened = open_bus(loop, config, "alloc-runner", {});
        ASSERT_FALSE(opened.has_value()) << bad;
        EXPECT_THAT(opened.error().message, HasSubstr("must be like 7110-7139"));
    }
}

}  // namespace
}  // namespace drover::host
