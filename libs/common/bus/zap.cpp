#include "bus/zap.hpp"

#include <array>
#include <zmq_addon.hpp>

#include "bus/zmq_socket.hpp"

namespace drover::bus {

Zap::Zap(zmq::context_t& context, rt::Loop& loop, const std::vector<Allowed>& allowed, RefusalHandler refused)
    : loop_(loop), socket_(context, zmq::socket_type::rep), refused_(std::move(refused)) {
    allow(allowed);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
    token_ = loop_.on_edge(socket_.get(zmq::sockopt::fd), [this] { return answer(); });
}

Zap::~Zap() { loop_.cancel(token_); }

void Zap::allow(const std::vector<Allowed>& keys) {
    allowed_.clear();
    for (const Allowed& one : keys) {
        std::array<std::uint8_t, 32> raw{};
        if (one.key.size() == 40 && zmq_z85_decode(raw.data(), one.key.c_str()) != nullptr)
            allowed_.emplace(std::string(raw.begin(), raw.end()), one.role);
    }
}

// RFC 27: version, request id, domain, address, identity, mechanism, credentials.
Zap::Word Zap::judge(const std::vector<zmq::message_t>& request) const {
    if (allowed_.empty()) return {"300", "the list of keys is empty", ""};
    if (request.size() != 7 || request[5].to_string_view() != "CURVE") return {"400", "it does not use CURVE", ""};
    const auto found = allowed_.find(std::string(request[6].to_string_view()));
    if (found == allowed_.end()) return {"400", "its key is not listed", ""};
    if (!may_connect(found->second, request[2].to_string_view() == kZapTapDomain))
        return {"400", "its key is listed for " + std::string(to_string(found->second)) + " only", ""};
    return {"200", "OK", to_string(found->second)};
}

bool Zap::answer() {
    std::vector<zmq::message_t> frames;
    if (!zmq::recv_multipart(socket_, std::back_inserter(frames), zmq::recv_flags::dontwait)) return false;
    const Word word = judge(frames);
    const std::string_view id = frames.size() > 1 ? frames[1].to_string_view() : std::string_view();
    const std::array<std::string_view, 6> reply{"1.0", id, word.code, word.text, word.user, ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
        const auto flags =
            zmq::send_flags::dontwait | (i + 1 < reply.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        socket_.send(zmq::const_buffer(reply[i].data(), reply[i].size()), flags);
    }
    if (word.code != "200" && refused_) refused_({frames.size() > 3 ? frames[3].to_string() : "", word.text});
    return true;
}

}  // namespace drover::bus
