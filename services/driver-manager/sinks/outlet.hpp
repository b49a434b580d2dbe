// Outlet: the socket of a daemon that takes messages. Never waits.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace drover::sinks {

class Outlet {
   public:
    // `path` is a datagram socket, which need not be there yet.
    explicit Outlet(std::string path) : path_(std::move(path)) {}

    // False: it takes nothing now; the same message is to be tried again later. One that is longer than the system lets
    // through is cut.
    bool send(std::string_view message, Instant now);

    // Why the last message was not taken although there was room: a sentence; empty when all is well.
    const std::string& trouble() const { return trouble_; }

    static constexpr Duration kReconnect = seconds(1);
    static constexpr std::size_t kCut = 2000;  // what every daemon takes

   private:
    bool connect();
    bool fail(int code, Instant now);

    std::string path_;
    UniqueFd fd_;
    Instant not_before_;
    std::string trouble_;
};

}  // namespace drover::sinks
