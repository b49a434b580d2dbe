#include "bus/peer_list.hpp"

#include <set>

#include "wire/codec.hpp"

namespace drover::bus {

PeerList::PeerList(Exchange& exchange, ZmqTransport& transport, std::uint64_t epoch)
    : exchange_(exchange), transport_(transport), feed_(epoch) {
    exchange_.offer(kPeerStream, feed_);
    transport_.on_introductions([this] { update(); });
}

void PeerList::update() {
    std::set<std::string> gone;
    for (const wire::Record& record : feed_.after(0, SIZE_MAX)) {
        if (!record.erased) gone.insert(record.key);
    }
    for (const wire::PeerAddress& peer : transport_.introductions()) {
        gone.erase(peer.id);
        feed_.put(peer.id, wire::PeerAddress::kName, wire::encode(peer));
    }
    for (const std::string& id : gone) feed_.erase(id);
    exchange_.changed(kPeerStream);
}

PeerBook::PeerBook(Exchange& exchange, ZmqTransport& transport) : transport_(transport) {
    exchange.follow(kPeerStream, *this);
}

void PeerBook::on_reset(const std::string& source, const std::string&) { lists_[source] = {}; }

void PeerBook::on_record(const std::string& source, const std::string&, const wire::Record& record) {
    List& list = lists_[source];
    if (record.erased) {
        list.peers.erase(record.key);
    } else if (auto peer = wire::decode<wire::PeerAddress>(record.body); peer && peer->id == record.key) {
        list.peers[record.key] = std::move(*peer);
    }
    if (list.whole) tell();
}

void PeerBook::on_complete(const std::string& source, const std::string&) {
    lists_[source].whole = true;
    tell();
}

void PeerBook::tell() {
    std::vector<wire::PeerAddress> all;
    for (const auto& [source, list] : lists_) {
        if (!list.whole) continue;
        for (const auto& [id, peer] : list.peers) all.push_back(peer);
    }
    transport_.listed(all);
}

}  // namespace drover::bus
