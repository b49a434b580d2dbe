// Private to bus: socket set-up shared by the transport and the tap. The options and the reasons for them are those of
// the traps of libzmq 4.3.4 (docs/bus.md).
#pragma once

#include <string>
#include <zmq.hpp>

#include "base/result.hpp"
#include "bus/curve.hpp"

namespace drover::bus {

inline constexpr const char* kZapDomain = "drover";

zmq::context_t make_context();
Result<zmq::socket_t> make_xpub(zmq::context_t& context, int send_high_water, const CurveConfig& curve,
                                const std::vector<std::string>& endpoints);
Result<zmq::socket_t> make_sub(zmq::context_t& context, const CurveConfig& curve, const Endpoint& endpoint);

// Two frames or nothing. Never blocks.
bool receive(zmq::socket_t& socket, std::string& topic, std::string& payload);
// False when it was dropped at the high-water mark. Never blocks.
bool send(zmq::socket_t& socket, std::string_view topic, std::string_view payload);

}  // namespace drover::bus
