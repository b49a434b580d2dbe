// Refusals: who was turned away at our sockets, and why.
#pragma once

#include <functional>
#include <string>

namespace drover::bus {

struct Refusal {
    std::string from;  // the address of the peer, "10.0.0.7"; empty when it had gone before it could be asked for
    std::string why;   // "its key is not listed"
};

// Called on the loop's thread, as often as it happens.
using RefusalHandler = std::function<void(const Refusal&)>;

}  // namespace drover::bus
