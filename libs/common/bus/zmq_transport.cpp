#include "bus/zmq_transport.hpp"

#include <optional>

#include "bus/zap.hpp"
#include "bus/zmq_socket.hpp"

namespace drover::bus {

namespace {

constexpr int kVoiceHighWater = 10'000;
constexpr int kTapHighWater = 1'000;
constexpr int kBatch = 256;  // messages handled before other sources get their turn

}  // namespace

struct ZmqTransport::State {
    struct PeerSocket {
        Endpoint endpoint;
        zmq::socket_t socket;
        rt::Token token = 0;
        Instant heard_at;
        std::uint64_t silences = 0;
    };

    rt::Loop& loop;
    CurveConfig curve;
    zmq::context_t context = make_context();
    std::optional<Zap> zap;
    std::optional<zmq::socket_t> voice;
    std::optional<zmq::socket_t> tap;
    std::vector<std::unique_ptr<PeerSocket>> peers;
    std::vector<std::string> prefixes;
    std::vector<rt::Token> tokens;
    rt::Token watchdog = 0;
    Handler handler;
    std::function<void()> join;

    explicit State(rt::Loop& l) : loop(l) {}

    ~State() {
        loop.cancel(watchdog);
        for (const rt::Token token : tokens) loop.cancel(token);
        for (const auto& peer : peers) loop.cancel(peer->token);
    }

    // Subscriptions and their ends arrive as messages; they must be read even when nobody listens for them.
    bool drain_xpub(zmq::socket_t& socket, bool is_voice) {
        zmq::message_t frame;
        bool joined = false;
        int left = kBatch;
        while (left > 0 && socket.recv(frame, zmq::recv_flags::dontwait)) {
            --left;
            joined = joined || (frame.size() > 0 && *frame.data<char>() == 1);
        }
        if (joined && is_voice && join) join();
        return left == 0;
    }

    bool drain_sub(PeerSocket& peer) {
        std::string topic;
        std::string payload;
        for (int left = kBatch; left > 0; --left) {
            if (!receive(peer.socket, topic, payload)) return false;
            peer.heard_at = loop.now();
            peer.silences = 0;
            if (handler) handler(topic, payload);
        }
        return true;
    }

    Result<void> connect(PeerSocket& peer) {
        Result<zmq::socket_t> socket = make_sub(context, curve, peer.endpoint);
        if (!socket) return tl::unexpected<Error>(socket.error());
        for (const std::string& prefix : prefixes) socket->set(zmq::sockopt::subscribe, prefix);
        loop.cancel(peer.token);
        peer.socket = std::move(*socket);
        peer.heard_at = loop.now();
        peer.token = loop.on_edge(peer.socket.get(zmq::sockopt::fd), [this, &peer] { return drain_sub(peer); });
        return {};
    }

    void watch() {
        watchdog = loop.at(loop.now() + seconds(1), [this] {
            for (const auto& peer : peers) {
                if (loop.now() - peer->heard_at < backoff(kSilence, peer->silences, seconds(30))) continue;
                ++peer->silences;
                (void)connect(*peer);  // an endpoint that was accepted once stays well-formed
            }
            watch();
        });
    }

    Result<void> open_xpub(std::optional<zmq::socket_t>& slot, const std::vector<std::string>& endpoints,
                           int high_water) {
        if (endpoints.empty()) return {};
        Result<zmq::socket_t> socket = make_xpub(context, high_water, curve, endpoints);
        if (!socket) return tl::unexpected<Error>(socket.error());
        slot = std::move(*socket);
        const bool is_voice = &slot == &voice;
        tokens.push_back(
            loop.on_edge(slot->get(zmq::sockopt::fd), [this, &slot, is_voice] { return drain_xpub(*slot, is_voice); }));
        return {};
    }
};

Result<std::unique_ptr<ZmqTransport>> ZmqTransport::open(rt::Loop& loop, const ZmqConfig& config) {
    auto state = std::make_unique<State>(loop);
    state->curve = config.curve;
    if (config.curve.enabled()) state->zap.emplace(state->context, loop, config.curve.allowed);
    for (const auto& [slot, endpoints, high_water] : {std::tuple(&state->voice, &config.bind, kVoiceHighWater),
                                                      std::tuple(&state->tap, &config.tap, kTapHighWater)}) {
        if (Result<void> opened = state->open_xpub(*slot, *endpoints, high_water); !opened) {
            return tl::unexpected<Error>(opened.error());
        }
    }
    for (const std::string& text : config.peers) {
        Result<Endpoint> endpoint = parse_endpoint(text);
        if (!endpoint) return tl::unexpected<Error>(endpoint.error());
        auto peer = std::make_unique<State::PeerSocket>();
        peer->endpoint = std::move(*endpoint);
        if (Result<void> connected = state->connect(*peer); !connected) return tl::unexpected<Error>(connected.error());
        state->peers.push_back(std::move(peer));
    }
    state->watch();
    return std::unique_ptr<ZmqTransport>(new ZmqTransport(std::move(state)));
}

ZmqTransport::ZmqTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZmqTransport::~ZmqTransport() = default;

void ZmqTransport::publish(std::string_view topic, std::string_view payload) {
    if (state_->voice) send(*state_->voice, topic, payload);
    if (state_->tap && !topic.starts_with("v1/replay/")) send(*state_->tap, topic, payload);
}

void ZmqTransport::subscribe(std::string_view prefix) {
    state_->prefixes.emplace_back(prefix);
    for (const auto& peer : state_->peers) peer->socket.set(zmq::sockopt::subscribe, prefix);
}

void ZmqTransport::on_message(Handler handler) { state_->handler = std::move(handler); }
void ZmqTransport::on_join(std::function<void()> handler) { state_->join = std::move(handler); }

}  // namespace drover::bus
