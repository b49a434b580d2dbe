#include "bus/tap.hpp"

#include <chrono>

#include "bus/zmq_socket.hpp"

namespace drover::bus {

struct Tap::State {
    zmq::context_t context = make_context();
    std::vector<zmq::socket_t> sockets;
};

Result<std::unique_ptr<Tap>> Tap::open(const std::vector<std::string>& endpoints, const std::string& prefix,
                                       const CurveConfig& curve) {
    auto state = std::make_unique<State>();
    for (const std::string& text : endpoints) {
        const Result<Endpoint> endpoint = parse_endpoint(text);
        if (!endpoint) return tl::unexpected<Error>(endpoint.error());
        if (!endpoint->host.empty()) {
            return fail(ErrorKind::invalid,
                        "tap endpoint '" + text + "' must name an IP address, as tcp://10.0.0.2:7101");
        }
        Result<zmq::socket_t> socket = make_sub(state->context, curve, *endpoint);
        if (!socket) return tl::unexpected<Error>(socket.error());
        socket->set(zmq::sockopt::subscribe, prefix);
        state->sockets.push_back(std::move(*socket));
    }
    return std::unique_ptr<Tap>(new Tap(std::move(state)));
}

Tap::Tap(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tap::~Tap() = default;

bool Tap::next(std::string& topic, std::string& payload, Duration wait) {
    for (zmq::socket_t& socket : state_->sockets) {
        if (receive(socket, topic, payload)) return true;
    }
    std::vector<zmq::pollitem_t> items;
    for (zmq::socket_t& socket : state_->sockets) items.push_back({socket.handle(), 0, ZMQ_POLLIN, 0});
    try {
        if (zmq::poll(items, std::chrono::milliseconds(wait.ms())) <= 0) return false;
    } catch (const zmq::error_t&) {
        return false;  // interrupted by a signal
    }
    for (zmq::socket_t& socket : state_->sockets) {
        if (receive(socket, topic, payload)) return true;
    }
    return false;
}

}  // namespace drover::bus
