#include "os/sockets.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.hpp"

namespace drover::os {
namespace {

TEST(Sockets, ThoseThatListenOrTakeFromAnybodyAreBound) {
    const std::vector<BoundPort> bound = parse_bound_ports(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0 0 "
        "10 0\n"
        "   1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 12346 1 0 20 4 30 "
        "10 -1\n"
        "   2: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 "
        "00:00000000 00000000     0        0 777 2 0 0\n");
    EXPECT_EQ(bound, (std::vector<BoundPort>{{8080, 12345}, {53, 777}}));
}

TEST(Sockets, LinesThatAreNotUnderstoodAreLeftOut) {
    for (const char* text :
         {"", "\n\n", "   0:\n", "0: x 0 0A", "0: 0:ZZ 0 0A 0 0 0 0 0 1", "0: 0:1F90 0 0A 0 0 0 0 0 x"})
        EXPECT_TRUE(parse_bound_ports(text).empty()) << text;
}

TEST(Sockets, OursIsFoundWithItsOwner) {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(fd.get(), 1), 0);
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::vector<BoundPort> bound = bound_ports();
    const auto ours = std::find_if(bound.begin(), bound.end(),
                                   [&address](const BoundPort& one) { return one.port == ntohs(address.sin_port); });
    ASSERT_NE(ours, bound.end());
    const auto owner = owner_of_socket(ours->inode);
    ASSERT_TRUE(owner);
    EXPECT_EQ(owner->pid, ::getpid());
    EXPECT_EQ(owner->name.substr(0, 9), "drover_os");
    EXPECT_FALSE(owner_of_socket(0));
}

}  // namespace
}  // namespace drover::os
