// ZmqTransport: the real transport. One XPUB to speak on, one for taps, one SUB per peer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus/curve.hpp"
#include "bus/transport.hpp"
#include "rt/loop.hpp"

namespace drover::bus {

struct ZmqConfig {
    std::vector<std::string> bind;   // endpoints of our voice
    std::vector<std::string> tap;    // endpoints for monitors; they get everything but replays
    std::vector<std::string> peers;  // voices to hear, see parse_endpoint
    CurveConfig curve;
};

class ZmqTransport : public Transport {
   public:
    // Errors name the endpoint that could not be bound or is malformed. A peer that is not there yet is no error.
    static Result<std::unique_ptr<ZmqTransport>> open(rt::Loop& loop, const ZmqConfig& config);
    ~ZmqTransport() override;

    void publish(std::string_view topic, std::string_view payload) override;
    void subscribe(std::string_view prefix) override;
    void on_message(Handler handler) override;
    void on_join(std::function<void()> handler) override;
    bool wanted(std::string_view prefix) const override;

    // A peer silent for this long is disconnected and connected again (every peer speaks once a second): it cures a
    // subscriber that libzmq left deaf. Doubles while it stays silent.
    static constexpr Duration kSilence = seconds(5);
    static constexpr Duration kLongestSilence = seconds(30);

    struct State;

   private:
    explicit ZmqTransport(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace drover::bus
