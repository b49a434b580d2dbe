#include "bus/zap.hpp"

#include <array>
#include <zmq_addon.hpp>

namespace drover::bus {

Zap::Zap(zmq::context_t& context, rt::Loop& loop, const std::vector<std::string>& allowed)
    : loop_(loop), socket_(context, zmq::socket_type::rep) {
    allow(allowed);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
    token_ = loop_.on_edge(socket_.get(zmq::sockopt::fd), [this] { return answer(); });
}

Zap::~Zap() { loop_.cancel(token_); }

void Zap::allow(const std::vector<std::string>& keys) {
    allowed_.clear();
    for (const std::string& key : keys) {
        std::array<std::uint8_t, 32> raw{};
        if (key.size() == 40 && zmq_z85_decode(raw.data(), key.c_str()) != nullptr) {
            allowed_.emplace(raw.begin(), raw.end());
        }
    }
}

// RFC 27: version, request id, domain, address, identity, mechanism, credentials.
bool Zap::answer() {
    std::vector<zmq::message_t> frames;
    if (!zmq::recv_multipart(socket_, std::back_inserter(frames), zmq::recv_flags::dontwait)) return false;
    const bool known = frames.size() == 7 && frames[5].to_string_view() == "CURVE" &&
                       allowed_.count(std::string(frames[6].to_string_view())) != 0;
    const std::string_view id = frames.size() > 1 ? frames[1].to_string_view() : std::string_view();
    const std::string_view refusal = allowed_.empty() ? "300" : "400";
    const std::array<std::string_view, 6> reply{"1.0", id, known ? "200" : refusal, known ? "OK" : "unknown key",
                                                "",    ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
        const auto flags =
            zmq::send_flags::dontwait | (i + 1 < reply.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        socket_.send(zmq::const_buffer(reply[i].data(), reply[i].size()), flags);
    }
    return true;
}

}  // namespace drover::bus
