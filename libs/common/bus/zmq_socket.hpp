// Private to bus: socket set-up shared by the transport and the tap. The options and the reasons for them are those of
// the traps of libzmq 4.3.4 (docs/bus.md).
#pragma once

#include <string>
#include <zmq.hpp>

#include "base/result.hpp"
#include "bus/curve.hpp"

namespace drover::bus {

// Where services speak to each other, and where they speak to monitors.
inline constexpr const char* kZapDomain = "drover";
inline constexpr const char* kZapTapDomain = "drover/tap";

// What a subscriber sends is its subscriptions, in at most so many bytes. libzmq ends a connection that sends a message
// above the second, without a word about it.
inline constexpr std::size_t kMaxSubscriptionBytes = 1024;
inline constexpr std::int64_t kMaxHeard = 64 * 1024;

zmq::context_t make_context();
// conflict: an endpoint is in use.
Result<zmq::socket_t> make_xpub(zmq::context_t& context, int send_high_water, const CurveConfig& curve,
                                const std::vector<std::string>& endpoints, const char* zap_domain = kZapDomain);
Result<zmq::socket_t> make_sub(zmq::context_t& context, const CurveConfig& curve, const Endpoint& endpoint);

// Of a message that was received: a property of its connection, "Peer-Address" or "User-Id"; empty when it has none.
std::string property(zmq::message_t& message, const char* name);

// Two frames or nothing. Never blocks.
bool receive(zmq::socket_t& socket, std::string& topic, std::string& payload);
// False when it was dropped at the high-water mark. Never blocks.
bool send(zmq::socket_t& socket, std::string_view topic, std::string_view payload);

}  // namespace drover::bus
