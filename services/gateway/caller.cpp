#include "gateway/caller.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "os/files.hpp"

namespace drover::gateway {
namespace {

constexpr std::size_t kMaxTable = 8 << 20;
constexpr std::size_t kMaxClaim = 64;

std::string user_name(std::uint32_t uid) {
    std::array<char, 4096> room{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr) return found->pw_name;
    return "user " + std::to_string(uid);
}

std::string printable_claim(const std::string& text) {
    std::string out;
    for (const char c : text.substr(0, kMaxClaim))
        if (c > 0x20 && c < 0x7f) out += c;
    return out;
}

}  // namespace

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

std::optional<std::uint32_t> owner_of(std::string_view table, int client_port, int server_port) {
    while (!table.empty()) {
        const std::size_t end = table.find('\n');
        const std::string line(table.substr(0, end));
        table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
        // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid
        unsigned local = 0, remote = 0, uid = 0;
        if (std::sscanf(line.c_str(), " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %*x %*x:%*x %*x:%*x %*x %u", &local, &remote,
                        &uid) == 3 &&
            local == static_cast<unsigned>(client_port) && remote == static_cast<unsigned>(server_port))
            return uid;
    }
    return std::nullopt;
}

std::string caller(const http::Peer& peer, const std::string& claimed) {
    if (!peer.token_name.empty()) return peer.token_name;
    if (is_loopback(peer.address)) {
        for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
            const auto table = os::read_file(path, kMaxTable);
            const auto uid = table ? owner_of(*table, peer.port, peer.server_port) : std::nullopt;
            if (uid) return user_name(*uid);
        }
    }
    const std::string claim = printable_claim(claimed);
    const std::string place = peer.address.empty() ? "an unknown address" : peer.address;
    return claim.empty() ? "somebody at " + place : "somebody at " + place + " who says to be " + claim;
}

}  // namespace drover::gateway
