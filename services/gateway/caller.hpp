// Who is at the other end of a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "secret/tokens.hpp"

namespace drover::gateway {

// A connection as this side sees it.
struct Peer {
    std::string address;  // of the client
    int port = 0;         // of the client
    int server_port = 0;
    std::string token_name{};  // whose token it has shown; empty where none is asked for
    secret::TokenRole role = secret::TokenRole::admin;
};

bool is_loopback(const std::string& address);

// For people: the name of its token; without one the user's name when the client is a process of this machine, as the
// kernel knows it; else where it is, and whom it says it is.
std::string caller(const Peer& peer, const std::string& claimed);

// The user who owns the client's socket, in a table of the kernel's: /proc/net/tcp or tcp6.
std::optional<std::uint32_t> owner_of(std::string_view table, int client_port, int server_port);

}  // namespace drover::gateway
