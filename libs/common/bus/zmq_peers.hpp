// Private to bus: the SUB sockets of a transport, one per address of a peer.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bus/resolver.hpp"
#include "bus/transport.hpp"
#include "bus/zmq_socket.hpp"
#include "rt/loop.hpp"

namespace drover::bus {

class ZmqPeers {
   public:
    ZmqPeers(rt::Loop& loop, zmq::context_t& context, const CurveConfig& curve);
    ~ZmqPeers();
    ZmqPeers(const ZmqPeers&) = delete;
    ZmqPeers& operator=(const ZmqPeers&) = delete;

    // Once. Addresses are connected at once, names as soon as they are known and whenever they change.
    Result<void> connect(const std::vector<std::string>& peers);
    void subscribe(std::string_view prefix);
    void on_message(Transport::Handler handler) { handler_ = std::move(handler); }

   private:
    struct Peer {
        Endpoint endpoint;
        zmq::socket_t socket;
        rt::Token token = 0;
        Instant heard_at;
        std::uint64_t silences = 0;
        std::string name;    // the host it was found under, empty for a fixed address
        bool listed = true;  // still among the name's addresses
    };

    Result<void> add(const Endpoint& endpoint, const std::string& name);
    Result<void> open(Peer& peer);
    bool drain(Peer& peer);
    void watch();
    void found(const std::string& host, const std::vector<std::string>& addresses);

    rt::Loop& loop_;
    zmq::context_t& context_;
    CurveConfig curve_;
    std::vector<std::unique_ptr<Peer>> peers_;
    std::vector<Endpoint> named_;
    std::optional<Resolver> resolver_;
    std::vector<std::string> prefixes_;
    Transport::Handler handler_;
    rt::Token watchdog_ = 0;
};

}  // namespace drover::bus
