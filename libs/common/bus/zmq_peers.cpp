#include "bus/zmq_peers.hpp"

#include <algorithm>

#include "bus/zmq_transport.hpp"

namespace drover::bus {

namespace {

constexpr int kPeerBatch = 256;               // messages handled before other sources get their turn
constexpr Duration kForgotten = seconds(15);  // silent and no longer among the name's addresses

}  // namespace

ZmqPeers::ZmqPeers(rt::Loop& loop, zmq::context_t& context, const CurveConfig& curve)
    : loop_(loop), context_(context), curve_(curve) {
    watch();
}

ZmqPeers::~ZmqPeers() {
    loop_.cancel(watchdog_);
    for (const auto& peer : peers_) loop_.cancel(peer->token);
}

Result<void> ZmqPeers::connect(const std::vector<std::string>& peers) {
    std::vector<std::string> hosts;
    for (const std::string& text : peers) {
        Result<Endpoint> endpoint = parse_endpoint(text);
        if (!endpoint) return tl::unexpected<Error>(endpoint.error());
        if (endpoint->host.empty()) {
            if (Result<void> added = add(*endpoint, ""); !added) return added;
        } else {
            hosts.push_back(endpoint->host);
            named_.push_back(std::move(*endpoint));
        }
    }
    if (hosts.empty()) return {};
    resolver_.emplace(
        loop_, std::move(hosts),
        [this](const std::string& host, const std::vector<std::string>& addresses) { found(host, addresses); });
    return {};
}

void ZmqPeers::subscribe(std::string_view prefix) {
    prefixes_.emplace_back(prefix);
    for (const auto& peer : peers_) peer->socket.set(zmq::sockopt::subscribe, prefix);
}

Result<void> ZmqPeers::add(const Endpoint& endpoint, const std::string& name) {
    auto peer = std::make_unique<Peer>();
    peer->endpoint = endpoint;
    peer->name = name;
    if (Result<void> opened = open(*peer); !opened) return opened;
    peers_.push_back(std::move(peer));
    return {};
}

Result<void> ZmqPeers::open(Peer& peer) {
    Result<zmq::socket_t> socket = make_sub(context_, curve_, peer.endpoint);
    if (!socket) return tl::unexpected<Error>(socket.error());
    for (const std::string& prefix : prefixes_) socket->set(zmq::sockopt::subscribe, prefix);
    loop_.cancel(peer.token);
    peer.socket = std::move(*socket);
    peer.heard_at = loop_.now();
    peer.token = loop_.on_edge(peer.socket.get(zmq::sockopt::fd), [this, &peer] { return drain(peer); });
    return {};
}

bool ZmqPeers::drain(Peer& peer) {
    std::string topic;
    std::string payload;
    for (int left = kPeerBatch; left > 0; --left) {
        if (!receive(peer.socket, topic, payload)) return false;
        peer.heard_at = loop_.now();
        peer.silences = 0;
        if (handler_) handler_(topic, payload);
    }
    return true;
}

void ZmqPeers::watch() {
    watchdog_ = loop_.at(loop_.now() + seconds(1), [this] {
        std::erase_if(peers_, [this](const std::unique_ptr<Peer>& peer) {
            if (peer->listed || loop_.now() - peer->heard_at < kForgotten) return false;
            loop_.cancel(peer->token);
            return true;
        });
        for (const auto& peer : peers_) {
            const Duration patience = backoff(ZmqTransport::kSilence, peer->silences, ZmqTransport::kLongestSilence);
            if (loop_.now() - peer->heard_at < patience) continue;
            ++peer->silences;
            (void)open(*peer);  // an endpoint that was accepted once stays well-formed
        }
        watch();
    });
}

void ZmqPeers::found(const std::string& host, const std::vector<std::string>& addresses) {
    for (const Endpoint& named : named_) {
        if (named.host != host) continue;
        std::vector<std::string> endpoints;
        for (const std::string& address : addresses) endpoints.push_back("tcp://" + address + ":" + named.port);
        const auto lists = [&](const std::string& endpoint) {
            return std::find(endpoints.begin(), endpoints.end(), endpoint) != endpoints.end();
        };
        const std::string name = host + ":" + named.port;
        for (const auto& peer : peers_) {
            if (peer->name == name) peer->listed = lists(peer->endpoint.address);
        }
        for (const std::string& endpoint : endpoints) {
            const bool known = std::any_of(peers_.begin(), peers_.end(),
                                           [&](const auto& peer) { return peer->endpoint.address == endpoint; });
            if (!known)
                (void)add({endpoint, named.server_key, "", ""}, name);  // an address of getnameinfo is well-formed
        }
    }
}

}  // namespace drover::bus
