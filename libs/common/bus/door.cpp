#include "bus/door.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <zmq_addon.hpp>

namespace drover::bus {

namespace {

constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
constexpr std::size_t kMaxGuests = 4096;

// Empty when the connection has gone already.
std::string address_of(int connection) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getpeername(connection, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool six = name.ss_family == AF_INET6;
    if (!six && name.ss_family != AF_INET) return {};
    const void* bytes = six ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(name).sin6_addr)
                            : &reinterpret_cast<const sockaddr_in&>(name).sin_addr;
    return ::inet_ntop(name.ss_family, bytes, text.data(), text.size()) == nullptr ? "" : text.data();
}

}  // namespace

Door::Door(zmq::context_t& context, rt::Loop& loop, zmq::socket_t& socket, RefusalHandler refused)
    : loop_(loop), socket_(context, zmq::socket_type::pair), refused_(std::move(refused)) {
    static int count = 0;
    const std::string at = "inproc://drover-door-" + std::to_string(++count);
    socket_.set(zmq::sockopt::linger, 0);
    // Without it everything works but for the words about who was turned away.
    if (zmq_socket_monitor(socket.handle(), at.c_str(), kEvents) != 0) return;
    socket_.connect(at);
    token_ = loop_.on_edge(socket_.get(zmq::sockopt::fd), [this] { return drain(); });
}

Door::~Door() { loop_.cancel(token_); }

bool Door::drain() {
    std::vector<zmq::message_t> frames;
    if (!zmq::recv_multipart(socket_, std::back_inserter(frames), zmq::recv_flags::dontwait)) return false;
    std::uint16_t event = 0;
    std::uint32_t value = 0;
    if (frames.empty() || frames[0].size() != sizeof event + sizeof value) return true;
    std::memcpy(&event, frames[0].data(), sizeof event);
    std::memcpy(&value, frames[0].data<char>() + sizeof event, sizeof value);
    hear(event, value);
    return true;
}

// All are said by one thread, each failure directly before the end of its connection.
void Door::hear(std::uint16_t event, std::uint32_t value) {
    const int connection = static_cast<int>(value);
    switch (event) {
        case ZMQ_EVENT_ACCEPTED:
            if (guests_.size() < kMaxGuests) guests_[connection] = {address_of(connection)};
            break;
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: someone_was_judged(); break;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: someone_was_judged(); break;  // told about, and need not be again
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            why_ = value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH ? "it does not use CURVE"
                                                                       : "it does not keep to the protocol";
            break;
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            why_ = "it went away before it was let in, as one without CURVE keys does";
            break;
        case ZMQ_EVENT_DISCONNECTED: gone(connection); break;
        default: break;
    }
}

// Which one is not told.
void Door::someone_was_judged() {
    if (guests_.size() == 1) guests_.clear();
    for (auto& [connection, guest] : guests_) guest.sure = false;
}

void Door::gone(int connection) {
    const std::string why = std::exchange(why_, {});
    const auto found = guests_.find(connection);
    if (found == guests_.end()) return;
    const Guest guest = found->second;
    guests_.erase(found);
    if (!refused_ || (why.empty() && !guest.sure)) return;
    refused_({guest.address, why.empty() ? "it does not speak as a peer does" : why});
}

}  // namespace drover::bus
