#include "bus/zmq_transport.hpp"

#include <algorithm>
#include <optional>

#include "bus/door.hpp"
#include "bus/subscriptions.hpp"
#include "bus/topic.hpp"
#include "bus/zap.hpp"
#include "bus/zmq_peers.hpp"
#include "bus/zmq_socket.hpp"

namespace drover::bus {

namespace {

constexpr int kVoiceHighWater = 10'000;
constexpr int kTapHighWater = 1'000;
constexpr std::size_t kMaxSubscriptions = 100'000;  // that are remembered
constexpr int kBatch = 256;                         // messages handled before other sources get their turn

}  // namespace

struct ZmqTransport::State {
    rt::Loop& loop;
    CurveConfig curve;
    RefusalHandler refused;
    zmq::context_t context = make_context();
    std::optional<Zap> zap;
    std::optional<zmq::socket_t> voice;
    std::optional<zmq::socket_t> tap;
    std::vector<std::unique_ptr<Door>> doors;
    std::vector<rt::Token> tokens;
    std::function<void()> join;
    std::function<void()> introductions_changed;
    Subscriptions to_voice;  // libzmq tells of the first and the last that is the same
    Subscriptions to_tap;
    ZmqPeers peers;

    State(rt::Loop& l, const ZmqConfig& config)
        : loop(l), curve(config.curve), refused(config.refused), peers(l, context, config) {}

    ~State() {
        for (const rt::Token token : tokens) loop.cancel(token);
    }

    // What is no subscription; libzmq hands it on.
    bool refuse(zmq::message_t& frame) const {
        const char* why = nullptr;
        if (frame.size() > kMaxSubscriptionBytes)
            why = "it sent a message that is too long";
        else if (frame.size() == 0 || static_cast<unsigned char>(*frame.data<char>()) > 1)
            why = "it sent something else than a subscription";
        if (why == nullptr) return false;
        if (refused) refused({property(frame, "Peer-Address"), why});
        return true;
    }

    // Subscriptions and their ends arrive as messages; they must be read even when nobody listens for them.
    bool drain(zmq::socket_t& socket, bool is_voice) {
        zmq::message_t frame;
        bool joined = false;
        bool introduced = false;
        int left = kBatch;
        while (left > 0 && socket.recv(frame, zmq::recv_flags::dontwait)) {
            --left;
            if (refuse(frame)) continue;
            const bool begins = *frame.data<char>() == 1;
            const std::string_view prefix = frame.to_string_view().substr(1);
            if (is_voice && peers.hear_subscription(prefix, begins, property(frame, "User-Id"))) {
                introduced = true;
                continue;
            }
            note(begins, is_voice ? to_voice : to_tap, prefix);
            joined = joined || begins;
        }
        if (joined && is_voice && join) join();
        if (introduced && introductions_changed) introductions_changed();
        return left == 0;
    }

    void note(bool begins, Subscriptions& subscriptions, std::string_view prefix) const {
        if (!begins)
            subscriptions.remove(prefix);
        else if (to_voice.size() + to_tap.size() < kMaxSubscriptions)
            subscriptions.add(prefix);
    }

    Result<void> open(std::optional<zmq::socket_t>& slot, const std::vector<std::string>& endpoints, int high_water) {
        if (endpoints.empty()) return {};
        const bool is_voice = &slot == &voice;
        Result<zmq::socket_t> socket =
            make_xpub(context, high_water, curve, endpoints, is_voice ? kZapDomain : kZapTapDomain);
        if (!socket) return tl::unexpected<Error>(socket.error());
        slot = std::move(*socket);
        if (curve.enabled()) doors.push_back(std::make_unique<Door>(context, loop, *slot, refused));
        tokens.push_back(
            loop.on_edge(slot->get(zmq::sockopt::fd), [this, &slot, is_voice] { return drain(*slot, is_voice); }));
        return {};
    }
};

Result<std::unique_ptr<ZmqTransport>> ZmqTransport::open(rt::Loop& loop, const ZmqConfig& config) {
    auto state = std::make_unique<State>(loop, config);
    if (config.curve.enabled()) state->zap.emplace(state->context, loop, config.curve.allowed, config.refused);
    Result<void> opened = state->open(state->voice, config.bind, kVoiceHighWater);
    if (opened) opened = state->open(state->tap, config.tap, kTapHighWater);
    if (opened) opened = state->peers.connect(config.peers);
    if (!opened) return tl::unexpected<Error>(opened.error());
    return std::unique_ptr<ZmqTransport>(new ZmqTransport(std::move(state)));
}

ZmqTransport::ZmqTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZmqTransport::~ZmqTransport() = default;

void ZmqTransport::publish(std::string_view topic, std::string_view payload) {
    if (state_->voice) send(*state_->voice, topic, payload);
    if (state_->tap && !topic.starts_with("v1/replay/")) send(*state_->tap, topic, payload);
}

void ZmqTransport::subscribe(std::string_view prefix) { state_->peers.subscribe(prefix); }
void ZmqTransport::on_message(Handler handler) { state_->peers.on_message(std::move(handler)); }
void ZmqTransport::on_join(std::function<void()> handler) { state_->join = std::move(handler); }

std::vector<wire::PeerAddress> ZmqTransport::introductions() const { return state_->peers.introductions(); }
void ZmqTransport::on_introductions(std::function<void()> handler) {
    state_->introductions_changed = std::move(handler);
}
void ZmqTransport::listed(const std::vector<wire::PeerAddress>& peers) { state_->peers.listed(peers); }

void ZmqTransport::allow(const std::vector<Allowed>& keys) {
    if (state_->zap) state_->zap->allow(keys);
    state_->peers.allow(keys);
}

bool ZmqTransport::wanted(std::string_view prefix) const {
    return state_->to_voice.overlap(prefix) || state_->to_tap.overlap(prefix);
}

}  // namespace drover::bus
