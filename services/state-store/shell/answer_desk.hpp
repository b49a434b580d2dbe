// AnswerDesk: which requests of which gateways stand, and the answers that were given to them. An answer stands in the
// stream "answer/<gateway>" for as long as its request does.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "bus/exchange.hpp"
#include "wire/messages.hpp"

namespace drover::store {

class AnswerDesk {
   public:
    // `epoch`: random per process.
    AnswerDesk(bus::Exchange& exchange, std::uint64_t epoch) : exchange_(exchange), epoch_(epoch) {}

    // False when it cannot be taken on: too many stand already, or the names are malformed.
    bool open(const std::string& gateway, const std::string& request);
    void close(const std::string& gateway, const std::string& request);
    bool stands(const std::string& gateway, const std::string& request) const;

    // To requests that stand; others are not interested any more.
    void answer(const std::string& gateway, const wire::Answer& answer);
    // Publishes the answers and erasures since the last call.
    void publish();

    // The gateway's stream began anew: what it has not said again when it is complete does not stand any more.
    void begin_sweep(const std::string& gateway);
    void end_sweep(const std::string& gateway);

    static constexpr std::size_t kMaxGateways = 64;
    static constexpr std::size_t kMaxRequests = 1024;  // of one gateway

   private:
    struct Gateway {
        explicit Gateway(std::uint64_t epoch) : feed(epoch, bus::KeyedFeed::kFewTombstones) {}
        bus::KeyedFeed feed;
        std::set<std::string> standing;
        std::set<std::string> unheard;  // since the sweep began
        bool changed = false;
    };
    Gateway* find(const std::string& gateway) const;

    bus::Exchange& exchange_;
    std::uint64_t epoch_;
    std::map<std::string, std::unique_ptr<Gateway>> gateways_;
};

}  // namespace drover::store
