// Guard: who may come in over HTTP, and as whom. May be asked from any thread.
#pragma once

#include <atomic>
#include <shared_mutex>
#include <string>
#include <vector>

#include "bus/refusal.hpp"
#include "gateway/json.hpp"
#include "http/server.hpp"
#include "secret/tokens.hpp"

namespace drover::gateway {

class Guard : public http::Gate {
   public:
    // Without a file everybody may come in, as admin.
    explicit Guard(std::string tokens_file);

    // Reads the file again. When it is no good, who was known stays known.
    Result<void> load();

    tl::expected<void, Reply> admit(const std::string& authorization, http::Peer& peer) const override;

    // Counts and logs that somebody was turned away.
    void turned_away(const http::Peer& peer, const std::string& why) const override;
    std::uint64_t refusals() const { return refusals_; }

   private:
    tl::unexpected<Reply> refuse(const http::Peer& peer, const std::string& why) const;

    const std::string file_;
    std::atomic<std::uint64_t> refusals_ = 0;
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
