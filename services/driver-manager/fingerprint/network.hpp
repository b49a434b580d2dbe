// Where the node is on its network.
#pragma once

#include <string>

#include "wire/observed.hpp"

namespace drover::fingerprint {

// Sets unique.network.interface, unique.network.ip-address and network.speed (Mbit/s, where the interface tells) of
// the interface `wanted`; empty: that of the default route, else the first that is up and not the loopback. IPv4 goes
// before IPv6. Without any address nothing is set.
void describe_network(const std::string& wanted, wire::NodeObserved& node);

}  // namespace drover::fingerprint
