// Where a service is to be heard: how services that reach the state-store find the others.
#pragma once

#include <string>
#include <vector>

#include "wire/fields.hpp"

namespace drover::wire {

// Stream "peer" of the state-store, key `id`: one for each service that listens to it.
struct PeerAddress {
    std::string id;
    std::string role;                    // "driver-manager"
    std::vector<std::string> endpoints;  // to connect to, each is the same service: "tcp://10.0.0.2:7301#<server key>"

    static constexpr std::string_view kName = "PeerAddress";
    static constexpr auto fields() {
        return std::tuple(field("id", &PeerAddress::id), field("role", &PeerAddress::role),
                          field("endpoints", &PeerAddress::endpoints));
    }
    friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};

}  // namespace drover::wire
