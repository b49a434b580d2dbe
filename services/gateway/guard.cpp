#include "gateway/guard.hpp"

#include <mutex>

#include "gateway/caller.hpp"
#include "host/door_log.hpp"

namespace drover::gateway {
namespace {

constexpr std::string_view kScheme = "bearer ";

bool is_scheme(std::string_view word) {
    if (word.size() != kScheme.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
        const char c = word[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return false;
    }
    return true;
}

}  // namespace

std::string_view bearer_token(std::string_view authorization) {
    if (!is_scheme(authorization.substr(0, kScheme.size()))) return {};
    return authorization.substr(kScheme.size());
}

bool serves_others(const std::string& address) {
    const std::string host = address.substr(0, address.rfind(':'));
    return !is_loopback(host) && host != "[::1]" && host != "localhost";
}

Result<void> check_exposure(const std::string& address, bool has_tokens, bool insecure) {
    if (has_tokens || insecure || !serves_others(address)) return {};
    return fail(ErrorKind::refused, "whoever reaches " + address +
                                        " could run programs here without being asked who they are; give "
                                        "http_tokens_file, serve 127.0.0.1, or set http_insecure");
}

Guard::Guard(std::string tokens_file) : file_(std::move(tokens_file)), refused_(host::log_refusals(refusals_)) {}

Result<void> Guard::load() {
    if (file_.empty()) return {};
    auto holders = secret::read_tokens(file_);
    if (!holders) return tl::unexpected(holders.error());
    const std::unique_lock lock(mutex_);
    holders_ = std::move(*holders);
    return {};
}

tl::expected<void, Reply> Guard::admit(const std::string& authorization, http::Peer& peer) const {
    if (file_.empty()) return {};
    if (authorization.empty())
        return refuse(peer,
                      "a token is needed: the header \"Authorization: Bearer TOKEN\", which drover sends when "
                      "DROVER_TOKEN, or DROVER_TOKEN_FILE or --token-file, has one");
    const std::string_view token = bearer_token(authorization);
    if (token.empty()) return refuse(peer, "the header Authorization must be \"Bearer TOKEN\"");
    const std::shared_lock lock(mutex_);
    const secret::TokenHolder* const holder = secret::find_token(holders_, token);
    if (holder == nullptr) return refuse(peer, "the token is not one of those that are listed here");
    peer.token_name = holder->name;
    peer.role = holder->role;
    return {};
}

void Guard::turned_away(const http::Peer& peer, const std::string& why) const { refused_({peer.address, why}); }

tl::unexpected<Reply> Guard::refuse(const http::Peer& peer, const std::string& why) const {
    turned_away(peer, why);
    Reply reply = error_reply(401, ErrorKind::refused, why);
    reply.headers["WWW-Authenticate"] = "Bearer";
    return tl::unexpected<Reply>(std::move(reply));
}

}  // namespace drover::gateway
