// Private to bus: the SUB sockets of a transport, one for each contact. Which and when is decided in contacts.hpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bus/contacts.hpp"
#include "bus/resolver.hpp"
#include "bus/transport.hpp"
#include "bus/zmq_socket.hpp"
#include "bus/zmq_transport.hpp"
#include "rt/loop.hpp"

namespace drover::bus {

class ZmqPeers {
   public:
    ZmqPeers(rt::Loop& loop, zmq::context_t& context, const CurveConfig& curve, const Place& place);
    ~ZmqPeers();
    ZmqPeers(const ZmqPeers&) = delete;
    ZmqPeers& operator=(const ZmqPeers&) = delete;

    // Once. Addresses are connected at once, names as soon as they are known and whenever they change, and whom the
    // copy of the state-store's list names.
    Result<void> connect(const std::vector<std::string>& peers);
    void subscribe(std::string_view prefix);
    void on_message(Transport::Handler handler) { handler_ = std::move(handler); }

    // A subscription to one of our sockets begins or ends; false when it is no introduction.
    bool hear_subscription(std::string_view subscription, bool begins);
    std::vector<wire::PeerAddress> introductions() const { return contacts_.introductions(); }
    void listed(const std::vector<wire::PeerAddress>& peers);

   private:
    struct Peer {
        std::string endpoint;
        zmq::socket_t socket;
        rt::Token token = 0;
    };

    Result<void> open(const std::string& endpoint);
    void close(const std::string& endpoint);
    bool drain(Peer& peer);
    void watch();
    void step_soon();
    void step();
    void found(const std::string& host, const std::vector<std::string>& addresses);
    void read_copy();
    void write_copy();

    rt::Loop& loop_;
    zmq::context_t& context_;
    CurveConfig curve_;
    Place place_;
    Contacts contacts_;
    std::map<std::string, std::unique_ptr<Peer>> peers_;  // by endpoint
    std::vector<Endpoint> named_;
    std::optional<Resolver> resolver_;
    std::vector<std::string> prefixes_;
    std::vector<wire::PeerAddress> copied_;  // what the copy holds
    Transport::Handler handler_;
    rt::Token watchdog_ = 0;
    rt::Token soon_ = 0;
};

}  // namespace drover::bus
