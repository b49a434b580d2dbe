// Who uses which port of this machine, as far as /proc tells.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::os {

struct BoundPort {
    std::uint32_t port = 0;
    std::uint64_t inode = 0;  // of its socket

    friend bool operator==(const BoundPort&, const BoundPort&) = default;
};

// TCP sockets that listen, or UDP sockets that take from anybody, in the words of /proc/net/{tcp,tcp6,udp,udp6}.
std::vector<BoundPort> parse_bound_ports(std::string_view text);

// All of them, of this process's network.
std::vector<BoundPort> bound_ports();

struct SocketOwner {
    pid_t pid = 0;
    std::string name;  // of its program, as the kernel has it

    friend bool operator==(const SocketOwner&, const SocketOwner&) = default;
};

// A process that has the socket open. Nothing when there is none that this process may look into.
std::optional<SocketOwner> owner_of_socket(std::uint64_t inode);

}  // namespace drover::os
