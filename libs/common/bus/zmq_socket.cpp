#include "bus/zmq_socket.hpp"

namespace drover::bus {

namespace {

bool is_ipv6(const std::string& endpoint) { return endpoint.find('[') != std::string::npos; }

// Half-open tcp links are noticed after about 11 s. ZMTP heartbeats stay unset: with a full receive queue they abort
// the process (libzmq 4.3.4, stream_engine_base.cpp:417).
void keep_alive(zmq::socket_t& socket) {
    socket.set(zmq::sockopt::tcp_keepalive, 1);
    socket.set(zmq::sockopt::tcp_keepalive_idle, 5);
    socket.set(zmq::sockopt::tcp_keepalive_intvl, 2);
    socket.set(zmq::sockopt::tcp_keepalive_cnt, 3);
    socket.set(zmq::sockopt::tcp_maxrt, 10'000);
    socket.set(zmq::sockopt::handshake_ivl, 2'000);
    socket.set(zmq::sockopt::linger, 0);
}

}  // namespace

zmq::context_t make_context() {
    zmq::context_t context(1);
    context.set(zmq::ctxopt::blocky, 0);
    context.set(zmq::ctxopt::max_sockets, 4096);  // one for each service that is heard; 1023 by default
    return context;
}

Result<zmq::socket_t> make_xpub(zmq::context_t& context, int send_high_water, const CurveConfig& curve,
                                const std::vector<std::string>& endpoints, const char* zap_domain) {
    std::string current;
    try {
        zmq::socket_t socket(context, zmq::socket_type::xpub);
        keep_alive(socket);
        socket.set(zmq::sockopt::sndhwm, send_high_water);
        socket.set(zmq::sockopt::rcvhwm, 0);  // incoming subscriptions are messages: a bound would lose some
        socket.set(zmq::sockopt::maxmsgsize, kMaxHeard);
        socket.set(zmq::sockopt::xpub_verboser, 1);
        if (curve.enabled()) {
            socket.set(zmq::sockopt::curve_server, true);
            socket.set(zmq::sockopt::curve_secretkey, curve.secret_key);
            socket.set(zmq::sockopt::zap_domain, zap_domain);
        }
        for (const std::string& endpoint : endpoints) {
            current = endpoint;
            socket.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
            socket.bind(endpoint);
        }
        return socket;
    } catch (const zmq::error_t& e) {
        const ErrorKind kind = e.num() == EADDRINUSE ? ErrorKind::conflict : ErrorKind::io;
        return fail(kind, "cannot bind " + current + ": " + e.what());
    }
}

Result<zmq::socket_t> make_sub(zmq::context_t& context, const CurveConfig& curve, const Endpoint& endpoint) {
    try {
        zmq::socket_t socket(context, zmq::socket_type::sub);
        keep_alive(socket);
        socket.set(zmq::sockopt::sndhwm, 0);  // a SUB sends its subscriptions: beyond a bound they vanish for ever
        socket.set(zmq::sockopt::rcvhwm, 10'000);
        socket.set(zmq::sockopt::maxmsgsize, std::int64_t{1} << 20);
        socket.set(zmq::sockopt::reconnect_ivl, 20);
        socket.set(zmq::sockopt::reconnect_ivl_max, 2'000);
        socket.set(zmq::sockopt::connect_timeout, 1'000);
        if (!endpoint.server_key.empty()) {
            socket.set(zmq::sockopt::curve_serverkey, endpoint.server_key);
            socket.set(zmq::sockopt::curve_publickey, curve.public_key);
            socket.set(zmq::sockopt::curve_secretkey, curve.secret_key);
        }
        socket.set(zmq::sockopt::ipv6, is_ipv6(endpoint.address));
        socket.connect(endpoint.address);
        return socket;
    } catch (const zmq::error_t& e) {
        return fail(ErrorKind::io, "cannot connect to " + endpoint.address + ": " + e.what());
    }
}

std::string property(zmq::message_t& message, const char* name) {
    const char* value = zmq_msg_gets(message.handle(), name);
    return value == nullptr ? "" : value;
}

bool receive(zmq::socket_t& socket, std::string& topic, std::string& payload) {
    zmq::message_t frame;
    if (!socket.recv(frame, zmq::recv_flags::dontwait)) return false;
    topic.assign(frame.data<char>(), frame.size());
    payload.clear();
    std::size_t frames = 1;
    while (frame.more()) {
        if (!socket.recv(frame, zmq::recv_flags::dontwait)) break;
        if (++frames == 2) payload.assign(frame.data<char>(), frame.size());
    }
    if (frames != 2) topic.clear();  // not ours; the caller's topic check refuses it
    return true;
}

bool send(zmq::socket_t& socket, std::string_view topic, std::string_view payload) {
    try {
        if (!socket.send(zmq::const_buffer(topic.data(), topic.size()),
                         zmq::send_flags::dontwait | zmq::send_flags::sndmore)) {
            return false;
        }
        return socket.send(zmq::const_buffer(payload.data(), payload.size()), zmq::send_flags::dontwait).has_value();
    } catch (const zmq::error_t&) {
        return false;
    }
}

}  // namespace drover::bus
