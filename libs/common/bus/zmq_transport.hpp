// ZmqTransport: the real transport. One XPUB to speak on, one for taps, one SUB per peer.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bus/curve.hpp"
#include "bus/refusal.hpp"
#include "bus/transport.hpp"
#include "rt/loop.hpp"
#include "wire/peer.hpp"

namespace drover::bus {

// Who we are among the services, and who else matters.
struct Place {
    wire::PeerAddress self;       // told to everybody we listen to, so that they listen to us; no endpoints: not told
    std::set<std::string> hears;  // the roles of the state-store's list that we listen to
    std::string copy;             // a file that keeps the list over our end; empty: none
};

struct ZmqConfig {
    std::vector<std::string> bind;   // endpoints of our voice
    std::vector<std::string> tap;    // endpoints for monitors; they get everything but replays
    std::vector<std::string> peers;  // voices to hear, see parse_endpoint
    CurveConfig curve;
    Place place = {};
    RefusalHandler refused = {};  // of connections and of what they say
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

    // Who listens to us and has said where it speaks; `handler` runs when that changes.
    std::vector<wire::PeerAddress> introductions() const;
    void on_introductions(std::function<void()> handler);
    // The state-store's list of services, all of it.
    void listed(const std::vector<wire::PeerAddress>& peers);

    // Lets in these clients from now on. Only with CURVE.
    void allow(const std::vector<Allowed>& keys);

    struct State;

   private:
    explicit ZmqTransport(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace drover::bus
