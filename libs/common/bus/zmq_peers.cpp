#include "bus/zmq_peers.hpp"

#include <algorithm>
#include <sstream>

#include "bus/introduction.hpp"
#include "bus/topic.hpp"
#include "os/files.hpp"

namespace drover::bus {

namespace {

constexpr int kPeerBatch = 256;                      // messages handled before other sources get their turn
constexpr std::size_t kMaxCopy = 1024 * 1024;        // bytes
constexpr std::string_view kVectors = "v1/vector/";  // "v1/vector/<role>/<id>/"

std::string speaker(std::string_view topic) {
    if (!topic.starts_with(kVectors) || !topic.ends_with('/')) return {};
    topic.remove_suffix(1);
    return std::string(topic.substr(topic.rfind('/') + 1));
}

// One endpoint a line: "<role> <id> <endpoint>".
std::string copy_text(const std::vector<wire::PeerAddress>& peers) {
    std::string out;
    for (const wire::PeerAddress& peer : peers) {
        for (const std::string& endpoint : peer.endpoints) out += peer.role + " " + peer.id + " " + endpoint + "\n";
    }
    return out;
}

}  // namespace

ZmqPeers::ZmqPeers(rt::Loop& loop, zmq::context_t& context, const ZmqConfig& config)
    : loop_(loop),
      context_(context),
      curve_(config.curve),
      place_(config.place),
      refused_(config.refused),
      contacts_(config.place.self.id, config.place.hears),
      prefixes_(bus::introductions(config.place.self)) {
    allow(curve_.allowed);
}

ZmqPeers::~ZmqPeers() {
    loop_.cancel(watchdog_);
    loop_.cancel(soon_);
    for (const auto& [endpoint, peer] : peers_) loop_.cancel(peer->token);
}

Result<void> ZmqPeers::connect(const std::vector<std::string>& peers) {
    std::vector<std::string> hosts;
    for (const std::string& text : peers) {
        Result<Endpoint> endpoint = parse_endpoint(text);
        if (!endpoint) return tl::unexpected<Error>(endpoint.error());
        if (endpoint->host.empty()) {
            if (Result<void> opened = open(text); !opened) return opened;
            contacts_.configured(text);
        } else {
            hosts.push_back(endpoint->host);
            named_.push_back(std::move(*endpoint));
        }
    }
    read_copy();
    step();
    watch();
    if (hosts.empty()) return {};
    resolver_.emplace(
        loop_, std::move(hosts),
        [this](const std::string& host, const std::vector<std::string>& addresses) { found(host, addresses); });
    return {};
}

void ZmqPeers::subscribe(std::string_view prefix) {
    prefixes_.emplace_back(prefix);
    for (const auto& [endpoint, peer] : peers_) peer->socket.set(zmq::sockopt::subscribe, prefix);
}

void ZmqPeers::allow(const std::vector<Allowed>& keys) {
    roles_.clear();
    for (const Allowed& one : keys) roles_.emplace(one.key, one.role);
    for (const auto& [endpoint, peer] : peers_)
        if (const auto parsed = parse_endpoint(endpoint)) peer->role = role_of(parsed->server_key);
}

// Whom we were configured to listen to need not be listed as a client.
Role ZmqPeers::role_of(const std::string& server_key) const {
    const auto found = roles_.find(server_key);
    return found == roles_.end() ? Role::service : found->second;
}

bool ZmqPeers::may_introduce(const wire::PeerAddress& peer, const std::string& user) const {
    if (!curve_.enabled()) return true;
    const auto sender = parse_role(user);
    const auto endpoint = parse_endpoint(peer.endpoints.front());
    // The voice, too, has to be of somebody who may be that: whoever it is, what it says is heard.
    const auto voice = endpoint ? roles_.find(endpoint->server_key) : roles_.end();
    return sender && voice != roles_.end() && bus::may_introduce(*sender, peer.role) &&
           bus::may_introduce(voice->second, peer.role);
}

void ZmqPeers::refuse(const std::string& from, const std::string& why) const {
    if (refused_) refused_({from, why});
}

bool ZmqPeers::hear_subscription(std::string_view subscription, bool begins, const std::string& user) {
    const std::optional<wire::PeerAddress> peer = read_introduction(subscription, curve_);
    if (!peer) return false;
    if (begins && !may_introduce(*peer, user)) {
        if (not_followed_.size() < Contacts::kMaxLearned) not_followed_.emplace(subscription);
        refuse(peer->endpoints.front(), "its key is not listed for the role " + peer->role);
        return true;
    }
    if (const auto one = not_followed_.find(std::string(subscription)); !begins && one != not_followed_.end()) {
        not_followed_.erase(one);
        return true;
    }
    begins ? contacts_.introduced(*peer) : contacts_.withdrawn(*peer);
    step_soon();
    return true;
}

void ZmqPeers::listed(const std::vector<wire::PeerAddress>& peers) {
    contacts_.listed(peers);
    step_soon();
}

Result<void> ZmqPeers::open(const std::string& endpoint) {
    const Result<Endpoint> parsed = parse_endpoint(endpoint);
    if (!parsed) return tl::unexpected<Error>(parsed.error());
    Result<zmq::socket_t> socket = make_sub(context_, curve_, *parsed);
    if (!socket) return tl::unexpected<Error>(socket.error());
    for (const std::string& prefix : prefixes_) socket->set(zmq::sockopt::subscribe, prefix);
    std::unique_ptr<Peer>& peer = peers_[endpoint];
    if (!peer) peer = std::make_unique<Peer>();
    loop_.cancel(peer->token);
    peer->endpoint = endpoint;
    peer->role = role_of(parsed->server_key);
    peer->socket = std::move(*socket);
    peer->token = loop_.on_edge(peer->socket.get(zmq::sockopt::fd), [this, one = peer.get()] { return drain(*one); });
    return {};
}

void ZmqPeers::close(const std::string& endpoint) {
    const auto found = peers_.find(endpoint);
    if (found == peers_.end()) return;
    loop_.cancel(found->second->token);
    peers_.erase(found);
}

bool ZmqPeers::drain(Peer& peer) {
    std::string topic;
    std::string payload;
    for (int left = kPeerBatch; left > 0; --left) {
        if (!receive(peer.socket, topic, payload)) return false;
        if (!may_say(peer.role, topic, payload)) {
            refuse(peer.endpoint, "its key is listed for " + std::string(to_string(peer.role)) + " only, and it said " +
                                      topic.substr(0, kMaxTopic));
            continue;
        }
        contacts_.heard(loop_.now(), peer.endpoint);
        if (const std::string id = speaker(topic); !id.empty()) contacts_.heard_as(peer.endpoint, id);
        if (handler_) handler_(topic, payload);
    }
    return true;
}

void ZmqPeers::watch() {
    watchdog_ = loop_.at(loop_.now() + seconds(1), [this] {
        step();
        watch();
    });
}

// From the loop, so that no socket goes while it is being read.
void ZmqPeers::step_soon() {
    if (soon_ != 0) return;
    soon_ = loop_.at(loop_.now(), [this] {
        soon_ = 0;
        step();
    });
}

void ZmqPeers::step() {
    for (const Contacts::Step& step : contacts_.steps(loop_.now())) {
        switch (step.deed) {
            case Contacts::Deed::open:
                if (peers_.contains(step.what)) break;  // at start
                (void)open(step.what);                  // what cannot be opened stays silent, and is tried again
                break;
            case Contacts::Deed::reopen: (void)open(step.what); break;
            case Contacts::Deed::close: close(step.what); break;
            case Contacts::Deed::look_up:
                if (resolver_) resolver_->look_again();
                break;
        }
    }
    write_copy();
}

void ZmqPeers::found(const std::string& host, const std::vector<std::string>& addresses) {
    for (const Endpoint& named : named_) {
        if (named.host != host) continue;
        const std::string key = named.server_key.empty() ? "" : "#" + named.server_key;
        std::vector<std::string> endpoints;
        for (const std::string& address : addresses) endpoints.push_back("tcp://" + address + ":" + named.port + key);
        contacts_.resolved(host + ":" + named.port, endpoints);
    }
    step_soon();
}

void ZmqPeers::read_copy() {
    if (place_.copy.empty()) return;
    const Result<std::string> text = os::read_file(place_.copy, kMaxCopy);
    if (!text) return;  // there is none yet, or the list will be heard again
    std::istringstream lines(*text);
    std::vector<wire::PeerAddress> peers;
    for (std::string role, id, endpoint; lines >> role >> id >> endpoint;) {
        const Result<Endpoint> parsed = parse_endpoint(endpoint);
        if (parsed && parsed->host.empty()) peers.push_back({id, role, {endpoint}});
    }
    contacts_.remembered(peers);
    copied_ = contacts_.list();
}

void ZmqPeers::write_copy() {
    if (place_.copy.empty()) return;
    std::vector<wire::PeerAddress> peers = contacts_.list();
    if (peers == copied_) return;
    // Without the copy others are found through the state-store: nothing is lost by one that cannot be written.
    if (os::write_file_atomic(place_.copy, copy_text(peers), 0600, os::Durable::no)) copied_ = std::move(peers);
}

}  // namespace drover::bus
