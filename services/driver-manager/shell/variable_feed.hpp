// VariableFeed: keeps the variables of this node's templates as the state-store says they are, and knows whether it is
// heard.
#pragma once

#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/templates/keeper.hpp"

namespace drover::driver_manager {

class VariableFeed : public bus::Follower {
   public:
    // All of them outlive this. Takes the exchange's on_vector.
    VariableFeed(rt::Loop& loop, bus::Exchange& exchange, templates::Variables& variables, templates::Keeper& keeper);
    ~VariableFeed() override;
    VariableFeed(const VariableFeed&) = delete;
    VariableFeed& operator=(const VariableFeed&) = delete;

    void start();

    // A store states its positions every second; silent for this long it is not heard.
    static constexpr Duration kSilence = seconds(5);

    void on_reset(const std::string& source, const std::string& stream) override;
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string& source, const std::string& stream) override;

   private:
    void look();

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    templates::Variables& variables_;
    templates::Keeper& keeper_;
    bool whole_ = false;  // of the present epoch
    Instant heard_at_;
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
