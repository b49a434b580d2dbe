#include "relay.hpp"

#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "base/check.hpp"
#include "bus/zmq_socket.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::chaos {
namespace {

constexpr int kBatch = 64;  // messages of one way before the others get their turn
constexpr int kHighWater = 10'000;
constexpr Duration kTick = milliseconds(50);

}  // namespace

struct Relay::State {
    struct Link {
        Way way;
        zmq::socket_t in;   // SUB
        zmq::socket_t out;  // XPUB
    };

    // What the owner's thread says to the relay's, and the other way round.
    mutable std::mutex mutex;
    Weather weather;
    std::set<std::pair<std::string, std::string>> cuts;
    Counters counters;
    bool over = false;

    rt::EpollLoop loop;
    zmq::context_t context = bus::make_context();
    std::vector<std::unique_ptr<Link>> links;
    std::mt19937_64 random;
    std::thread thread;

    explicit State(std::uint64_t seed) : random(seed) {}

    void open(const Way& way) {
        auto endpoint = bus::parse_endpoint(way.source);
        CHECK(endpoint.has_value());
        auto in = bus::make_sub(context, {}, *endpoint);
        auto out = bus::make_xpub(context, kHighWater, {}, {way.bind});
        CHECK(in.has_value() && out.has_value());
        links.push_back(std::make_unique<Link>(Link{way, std::move(*in), std::move(*out)}));
        Link& link = *links.back();
        loop.on_edge(link.in.get(zmq::sockopt::fd), [this, &link] { return forward(link); });
        loop.on_edge(link.out.get(zmq::sockopt::fd), [&link] { return subscribe(link); });
    }

    // A subscription is one byte, 1 or 0 for its end, and the prefix.
    static bool subscribe(Link& link) {
        zmq::message_t frame;
        while (link.out.recv(frame, zmq::recv_flags::dontwait)) {
            if (frame.size() == 0) continue;
            const std::string prefix(frame.to_string_view().substr(1));
            if (*frame.data<char>() == 1)
                link.in.set(zmq::sockopt::subscribe, prefix);
            else
                link.in.set(zmq::sockopt::unsubscribe, prefix);
        }
        return false;
    }

    bool forward(Link& link) {
        std::string topic;
        std::string payload;
        for (int left = kBatch; left > 0; --left) {
            if (!bus::receive(link.in, topic, payload)) return false;
            carry(link, topic, payload);
        }
        return true;
    }

    bool happens(unsigned percent) { return random() % 100 < percent; }

    void carry(Link& link, const std::string& topic, const std::string& payload) {
        const std::lock_guard lock(mutex);
        if (cuts.contains({link.way.from, link.way.to}) || happens(weather.loss)) {
            ++counters.lost;
            return;
        }
        const bool again = happens(weather.repeated);
        if (again) ++counters.repeated;
        if (happens(weather.held)) {
            ++counters.held;
            hold(link, topic, payload);
            if (!again) return;
        } else if (again) {
            hold(link, topic, payload);
        }
        ++counters.passed;
        bus::send(link.out, topic, payload);
    }

    void hold(Link& link, const std::string& topic, const std::string& payload) {
        const auto longest = static_cast<std::uint64_t>(weather.longest_hold.ns) + 1;
        const Duration wait = nanoseconds(static_cast<std::int64_t>(random() % longest));
        loop.at(loop.now() + wait, [this, &link, topic, payload] {
            const std::lock_guard lock(mutex);
            if (cuts.contains({link.way.from, link.way.to})) return;
            ++counters.passed;
            bus::send(link.out, topic, payload);
        });
    }

    void look_for_the_end() {
        const std::lock_guard lock(mutex);
        if (over) return loop.stop();
        loop.at(loop.now() + kTick, [this] { look_for_the_end(); });
    }
};

Relay::Relay(const std::vector<Way>& ways, std::uint64_t seed) : state_(std::make_unique<State>(seed)) {
    for (const Way& way : ways) state_->open(way);
    state_->look_for_the_end();
    state_->thread = std::thread([state = state_.get()] { state->loop.run(); });
}

Relay::~Relay() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->over = true;
    }
    state_->thread.join();
}

void Relay::set(const Weather& weather) {
    const std::lock_guard lock(state_->mutex);
    state_->weather = weather;
}

void Relay::cut(const std::string& one, const std::string& other) {
    const std::lock_guard lock(state_->mutex);
    state_->cuts.insert({one, other});
    state_->cuts.insert({other, one});
}

void Relay::heal() {
    const std::lock_guard lock(state_->mutex);
    state_->cuts.clear();
}

Relay::Counters Relay::counters() const {
    const std::lock_guard lock(state_->mutex);
    return state_->counters;
}

}  // namespace drover::chaos
