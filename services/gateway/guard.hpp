// Guard: who may come in over HTTP, and as whom. May be asked from any thread.
#pragma once

#include <shared_mutex>
#include <string>
#include <vector>

#include "bus/refusal.hpp"
#include "gateway/http.hpp"
#include "secret/tokens.hpp"

namespace drover::gateway {

class Guard {
   public:
    // Without a file everybody may come in, as admin.
    explicit Guard(std::string tokens_file);

    // Reads the file again. When it is no good, who was known stays known.
    Result<void> load();

    // Fills in who it is, by the header "Authorization"; an error is the answer for it.
    tl::expected<void, Reply> admit(const std::string& authorization, Peer& peer) const;

    // Counts and logs that somebody was turned away.
    void turned_away(const Peer& peer, const std::string& why) const;

   private:
    tl::unexpected<Reply> refuse(const Peer& peer, const std::string& why) const;

    const std::string file_;
    const bus::RefusalHandler refused_;
    mutable std::shared_mutex mutex_;
    std::vector<secret::TokenHolder> holders_;
};

// What an "Authorization" of the form "Bearer TOKEN" holds; empty for any other.
std::string_view bearer_token(std::string_view authorization);

// Whether other machines may reach what is served at HOST:PORT.
bool serves_others(const std::string& address);

// Refuses to serve other machines without tokens, unless `insecure`. `address` is HOST:PORT.
Result<void> check_exposure(const std::string& address, bool has_tokens, bool insecure);

}  // namespace drover::gateway
