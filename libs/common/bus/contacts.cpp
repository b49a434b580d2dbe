#include "bus/contacts.hpp"

#include <algorithm>

namespace drover::bus {

namespace {

template <class Table, class Condition>
std::vector<wire::PeerAddress> addresses(const Table& contacts, const Condition& counts) {
    std::map<std::string, wire::PeerAddress> by_id;
    for (const auto& [endpoint, contact] : contacts) {
        if (!counts(contact)) continue;
        wire::PeerAddress& peer = by_id[contact.id];
        peer.id = contact.id;
        peer.role = contact.role;
        peer.endpoints.push_back(endpoint);
    }
    std::vector<wire::PeerAddress> out;
    for (auto& [id, peer] : by_id) out.push_back(std::move(peer));
    return out;
}

}  // namespace

void Contacts::configured(const std::string& endpoint) { contacts_[endpoint].configured = true; }

void Contacts::resolved(const std::string& name, const std::vector<std::string>& endpoints) {
    for (auto& [endpoint, contact] : contacts_) contact.names.erase(name);
    for (const std::string& endpoint : endpoints) contacts_[endpoint].names.insert(name);
}

// Null when it is our own, or when there are too many.
Contacts::Contact* Contacts::learn(const wire::PeerAddress& peer, const std::string& endpoint) {
    if (peer.id == self_ || peer.id.empty()) return nullptr;
    const auto found = contacts_.find(endpoint);
    if (found == contacts_.end() && contacts_.size() >= kMaxLearned) return nullptr;
    Contact& contact = found == contacts_.end() ? contacts_[endpoint] : found->second;
    contact.id = peer.id;
    contact.role = peer.role;
    return &contact;
}

void Contacts::introduced(const wire::PeerAddress& peer) {
    for (const std::string& endpoint : peer.endpoints) {
        if (Contact* contact = learn(peer, endpoint)) ++contact->introductions;
    }
}

void Contacts::withdrawn(const wire::PeerAddress& peer) {
    for (const std::string& endpoint : peer.endpoints) {
        const auto found = contacts_.find(endpoint);
        if (found != contacts_.end() && found->second.introductions > 0) --found->second.introductions;
    }
}

void Contacts::listed(const std::vector<wire::PeerAddress>& peers) {
    for (auto& [endpoint, contact] : contacts_) contact.listed = contact.remembered = false;
    for (const wire::PeerAddress& peer : peers) {
        if (!hears_.contains(peer.role)) continue;
        for (const std::string& endpoint : peer.endpoints) {
            if (Contact* contact = learn(peer, endpoint)) contact->listed = true;
        }
    }
}

void Contacts::remembered(const std::vector<wire::PeerAddress>& peers) {
    for (const wire::PeerAddress& peer : peers) {
        if (!hears_.contains(peer.role)) continue;
        for (const std::string& endpoint : peer.endpoints) {
            if (Contact* contact = learn(peer, endpoint)) contact->remembered = true;
        }
    }
}

void Contacts::heard(Instant now, const std::string& endpoint) {
    const auto found = contacts_.find(endpoint);
    if (found == contacts_.end()) return;
    found->second.heard_at = found->second.tried_at = now;
    found->second.silences = 0;
    found->second.looked_up = false;
}

void Contacts::heard_as(const std::string& endpoint, const std::string& id) {
    if (const auto found = contacts_.find(endpoint); found != contacts_.end()) found->second.id = id;
}

// Is, or may soon be, the same service heard at another endpoint that comes before this one? What was configured or
// looked up comes before what was learned.
bool Contacts::heard_elsewhere(Instant now, const std::string& endpoint, const Contact& contact) const {
    if (contact.id.empty()) return false;
    return std::any_of(contacts_.begin(), contacts_.end(), [&](const auto& entry) {
        const Contact& other = entry.second;
        if (entry.first == endpoint || other.id != contact.id || !other.open) return false;
        if (contact.open && !other.given()) return false;
        return now - other.heard_at < kSilence;
    });
}

void Contacts::open_what_is_needed(Instant now, std::vector<Step>& steps) {
    for (auto& [endpoint, contact] : contacts_) {
        if (contact.open || !contact.needed()) continue;
        if (!contact.given() && heard_elsewhere(now, endpoint, contact)) continue;
        contact.open = true;
        contact.heard_at = contact.tried_at = now;
        contact.silences = 0;
        steps.push_back({Deed::open, endpoint});
    }
}

void Contacts::mind_the_silent(Instant now, std::vector<Step>& steps) {
    for (auto it = contacts_.begin(); it != contacts_.end();) {
        const std::string& endpoint = it->first;
        Contact& contact = it->second;
        if (!contact.needed() && (!contact.open || now - contact.heard_at >= kForgotten)) {
            if (contact.open) steps.push_back({Deed::close, endpoint});
            it = contacts_.erase(it);
            continue;
        }
        ++it;
        if (!contact.open) continue;
        if (!contact.given() && heard_elsewhere(now, endpoint, contact)) {
            contact.open = false;
            steps.push_back({Deed::close, endpoint});
            continue;
        }
        if (now - contact.heard_at >= kSuspect && !contact.looked_up) {
            contact.looked_up = true;
            for (const std::string& name : contact.names) steps.push_back({Deed::look_up, name});
        }
        if (now - contact.tried_at < backoff(kSilence, contact.silences, kLongestSilence)) continue;
        ++contact.silences;
        contact.tried_at = now;
        steps.push_back({Deed::reopen, endpoint});
    }
}

std::vector<Contacts::Step> Contacts::steps(Instant now) {
    std::vector<Step> steps;
    open_what_is_needed(now, steps);
    mind_the_silent(now, steps);
    return steps;
}

Contacts::Standing Contacts::standing(Instant now, const std::string& endpoint) const {
    const auto found = contacts_.find(endpoint);
    if (found == contacts_.end()) return Standing::unknown;
    if (!found->second.open) return Standing::closed;
    return now - found->second.heard_at < kSuspect ? Standing::heard : Standing::suspect;
}

std::vector<wire::PeerAddress> Contacts::introductions() const {
    return addresses(contacts_, [](const Contact& contact) { return contact.introductions > 0; });
}

std::vector<wire::PeerAddress> Contacts::list() const {
    return addresses(contacts_, [this](const Contact& contact) { return hears_.contains(contact.role); });
}

}  // namespace drover::bus
