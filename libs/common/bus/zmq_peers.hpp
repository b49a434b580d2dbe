// Private to bus: the SUB sockets of a transport, one for each contact. Which and when is decided in contacts.hpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
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
    ZmqPeers(rt::Loop& loop, zmq::context_t& context, const ZmqConfig& config);
    ~ZmqPeers();
    ZmqPeers(const ZmqPeers&) = delete;
    ZmqPeers& operator=(const ZmqPeers&) = delete;

    // Once. Addresses are connected at once, names as soon as they are known and whenever they change, and whom the
    // copy of the state-store's list names.
    Result<void> connect(const std::vector<std::string>& peers);
    void subscribe(std::string_view prefix);
    void on_message(Transport::Handler handler) { handler_ = std::move(handler); }

    // A subscription to one of our sockets begins or ends; false when it is no introduction. `user`: the role of
    // whoever sent it, as libzmq tells it: not of one that ends with its connection. Empty without CURVE.
    bool hear_subscription(std::string_view subscription, bool begins, const std::string& user);
    // Whose keys count for what from now on.
    void allow(const std::vector<Allowed>& keys);
    std::vector<wire::PeerAddress> introductions() const { return contacts_.introductions(); }
    void listed(const std::vector<wire::PeerAddress>& peers);

   private:
    struct Peer {
        std::string endpoint;
        Role role = Role::service;
        zmq::socket_t socket;
        rt::Token token = 0;
    };

    Result<void> open(const std::string& endpoint);
    Role role_of(const std::string& server_key) const;
    bool may_introduce(const wire::PeerAddress& peer, const std::string& user) const;
    void refuse(const std::string& from, const std::string& why) const;
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
    RefusalHandler refused_;
    std::map<std::string, Role> roles_;        // by public key
    std::multiset<std::string> not_followed_;  // introductions that stand
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
