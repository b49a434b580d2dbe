// LogDesk: answers what gateways ask of this node's logs. A question is a record that stands in the gateway's stream;
// the answer stands in ours until the question is withdrawn.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/shell/hands.hpp"

namespace drover::driver_manager {

class LogDesk : public bus::Follower {
   public:
    LogDesk(bus::Exchange& exchange, Hands& hands, std::string node, std::uint64_t epoch);

    void start();

    void on_reset(const std::string& source, const std::string& stream) override;
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string& source, const std::string& stream) override;

    std::uint64_t refused() const { return refused_; }

    static constexpr std::size_t kMaxGateways = 64;
    static constexpr std::size_t kMaxQuestions = 128;     // standing ones of one gateway
    static constexpr std::uint32_t kMaxChunk = 24 << 10;  // bytes of log in one answer

   private:
    struct Gateway {
        explicit Gateway(std::uint64_t epoch) : answers(epoch, bus::KeyedFeed::kFewTombstones) {}
        bus::KeyedFeed answers;
        std::set<std::string> standing;  // ids of the questions
        std::set<std::string> stale;     // of those, not heard again since the reset
    };

    Gateway* find_gateway(const std::string& name);
    void answer(const std::string& name, Gateway& gateway, wire::LogRead read);
    void withdraw(const std::string& name, Gateway& gateway, const std::string& id);

    bus::Exchange& exchange_;
    Hands& hands_;
    std::string node_;
    std::uint64_t epoch_;
    std::map<std::string, std::unique_ptr<Gateway>> gateways_;
    std::uint64_t refused_ = 0;
};

}  // namespace drover::driver_manager
