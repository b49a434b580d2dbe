// Introduction: how a service says where it speaks to somebody who cannot hear it yet. Whoever listens to a voice can
// send it only one thing, its subscriptions; so the address is in one, to a topic that nobody ever speaks of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/curve.hpp"
#include "wire/peer.hpp"

namespace drover::bus {

// The subscriptions that introduce `self`: one for each of its endpoints.
std::vector<std::string> introductions(const wire::PeerAddress& self);

// nullopt when `subscription` is no introduction, or one that we do not follow: not well-formed, a host name (it would
// have to be looked up), or without a key although `curve` is enabled.
std::optional<wire::PeerAddress> read_introduction(std::string_view subscription, const CurveConfig& curve);

// Where others can connect to what binds to `bind`: as bound, but with each of `addresses` (numeric, of this host)
// where the host is a wildcard, and with the public key where there is one.
std::vector<std::string> reachable_at(const std::vector<std::string>& bind, const std::vector<std::string>& addresses,
                                      const std::string& public_key);

// This host's first IPv4 address that is not loopback, else its first IPv6 one; empty without a network.
std::vector<std::string> own_addresses();

}  // namespace drover::bus
