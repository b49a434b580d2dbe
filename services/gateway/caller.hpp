// Who is at the other end of a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/call.hpp"

namespace drover::gateway {

bool is_loopback(const std::string& address);

// For people and for the audit: the name of its token; without one the user's name when the client is a process of this
// machine, as the kernel knows it; else where it is, and whom it says it is.
std::string caller(const http::Peer& peer, const std::string& claimed);

// The user who owns the client's socket, in a table of the kernel's: /proc/net/tcp or tcp6.
std::optional<std::uint32_t> owner_of(std::string_view table, int client_port, int server_port);

}  // namespace drover::gateway
