#include "bus/exchange.hpp"

#include <algorithm>
#include <optional>

#include "base/check.hpp"
#include "bus/admission.hpp"
#include "bus/lives.hpp"
#include "bus/topic.hpp"
#include "bus/window.hpp"
#include "wire/codec.hpp"

namespace drover::bus {

namespace {

constexpr Duration kBeat = seconds(1);           // between vectors when nothing happens
constexpr Duration kCoalesce = milliseconds(3);  // from the first reason for a vector to the vector
constexpr Duration kInsist = milliseconds(200);  // between vectors while something is missing
constexpr std::size_t kMaxPayload = 256 * 1024;  // bytes
constexpr std::size_t kMaxPeers = 1024;
constexpr std::size_t kMaxInbound = 8192;     // streams of others
constexpr Duration kForgotten = minutes(10);  // silent; who comes back later is told everything anew

}  // namespace

struct Exchange::State {
    struct Outbound {
        FeedSource* source = nullptr;
        std::uint64_t published = 0;
        std::map<std::string, Window> receivers;
    };
    struct Inbound {
        Follower* follower = nullptr;
        Admission admission;
        bool told_complete = false;
        Instant heard_at;
    };
    struct Interest {
        std::string prefix;
        Follower* follower;
        bool from_head;
    };
    struct Known {
        Peer peer;
        Lives lives;
    };
    using StreamKey = std::pair<std::string, std::string>;  // source, stream

    rt::Loop& loop;
    Transport& transport;
    Identity self;
    Counters counters;
    std::map<std::string, Outbound> outbound;
    std::vector<Interest> interests;
    std::map<StreamKey, Inbound> inbound;
    std::map<std::string, Known> peers;
    std::function<void(const Peer&, const wire::Vector&)> vector_handler;
    std::uint64_t vectors_sent = 0;
    bool leaving = false;
    rt::Token beat_timer = 0;
    Instant beat_at = kNever;

    State(rt::Loop& l, Transport& t, Identity id) : loop(l), transport(t), self(std::move(id)) {
        transport.on_message([this](std::string_view topic, std::string_view payload) { hear(topic, payload); });
        transport.on_join([this] { vector_by(loop.now() + kCoalesce); });
        transport.subscribe("v1/vector/");
        transport.subscribe("v1/replay/" + self.id + "/");
        vector_by(loop.now());
    }
    ~State() { loop.cancel(beat_timer); }

    void send(const std::string& topic, const std::string& stream, wire::Envelope envelope) {
        envelope.from = self.id;
        envelope.boot = self.boot;
        envelope.stream = stream;
        envelope.at = loop.now();
        const std::string payload = wire::encode(envelope);
        // A message that is too long would be refused, and a very long one leaves a subscriber of libzmq deaf.
        if (payload.size() > kMaxPayload) {
            ++counters.too_long;
        } else {
            transport.publish(topic, payload);
        }
    }

    // ---- vectors

    void vector_by(Instant when) {
        if (when >= beat_at) return;
        loop.cancel(beat_timer);
        beat_at = when;
        beat_timer = loop.at(when, [this] { send_vector(); });
    }

    // By the clock and not by what is said or heard, so that it happens in a calm and in a silence too.
    void forget_the_silent() {
        const Instant before = loop.now() - kForgotten;
        std::erase_if(peers, [&](const auto& entry) { return entry.second.peer.heard_at <= before; });
        std::erase_if(inbound, [&](const auto& entry) { return entry.second.heard_at <= before; });
        for (auto& [stream, out] : outbound) {
            std::erase_if(out.receivers, [&](const auto& entry) { return !peers.contains(entry.first); });
        }
    }

    void send_vector() {
        beat_at = kNever;
        forget_the_silent();
        wire::Vector vector{.role = self.role, .leaving = leaving, .heads = {}, .reads = {}};
        for (const auto& [stream, out] : outbound) {
            vector.heads.push_back({stream, out.source->epoch(), out.source->head()});
        }
        bool missing = false;
        for (const auto& [key, in] : inbound) {
            vector.reads.push_back(
                {key.first, key.second, in.admission.epoch(), in.admission.position(), in.admission.want()});
            missing = missing || in.admission.want();
        }
        wire::Envelope envelope;
        envelope.records.push_back({++vectors_sent, "Vector", self.id, false, wire::encode(vector)});
        send("v1/vector/" + self.role + "/" + self.id + "/", "vector", std::move(envelope));
        vector_by(loop.now() + (missing ? kInsist : kBeat));
    }

    void hear_vector(const wire::Envelope& envelope) {
        if (envelope.records.size() != 1) return refuse();
        const Result<wire::Vector> vector = wire::decode<wire::Vector>(envelope.records[0].body);
        if (!vector) return refuse();
        if (peers.size() >= kMaxPeers && peers.count(envelope.from) == 0) return refuse();
        Known& known = peers[envelope.from];
        if (!known.lives.hear(loop.now(), envelope.boot, envelope.records[0].number)) return;
        if (known.peer.boot != envelope.boot) vector_by(loop.now() + kCoalesce);
        known.peer = {envelope.from, vector->role, envelope.boot, loop.now()};
        for (const wire::Head& head : vector->heads) hear_head(envelope.from, head);
        for (const wire::Read& read : vector->reads) {
            if (read.source == self.id) hear_read(envelope.from, read);
        }
        if (vector_handler) vector_handler(known.peer, *vector);
    }

    // ---- sending

    void changed(const std::string& stream) {
        const auto it = outbound.find(stream);
        CHECK(it != outbound.end());
        Outbound& out = it->second;
        for (;;) {
            std::vector<wire::Record> news = out.source->after(out.published, Window::kRecords);
            if (news.empty()) return;
            for (wire::Record& record : news) {
                wire::Envelope envelope;
                envelope.epoch = out.source->epoch();
                envelope.prev = out.published;
                out.published = record.number;
                const std::string topic = live_topic(stream, record.key);
                envelope.records.push_back(std::move(record));
                send(topic, stream, std::move(envelope));
            }
        }
    }

    void hear_read(const std::string& receiver, const wire::Read& read) {
        const auto it = outbound.find(read.stream);
        if (it == outbound.end()) return;
        Outbound& out = it->second;
        if (read.epoch != out.source->epoch()) {
            out.receivers.erase(receiver);
            vector_by(loop.now() + kCoalesce);  // it has not heard of this epoch
            return;
        }
        Window& window = out.receivers[receiver];
        window.report(loop.now(), read.position, read.want);
        while (std::optional<wire::Envelope> envelope = window.next(loop.now(), *out.source)) {
            counters.replayed += envelope->records.size();
            envelope->epoch = out.source->epoch();
            send("v1/replay/" + receiver + "/" + self.id + "/", read.stream, std::move(*envelope));
        }
    }

    // ---- receiving

    Inbound* find_inbound(const std::string& source, const std::string& stream) {
        const StreamKey key{source, stream};
        if (const auto it = inbound.find(key); it != inbound.end()) {
            it->second.heard_at = loop.now();
            return &it->second;
        }
        if (inbound.size() >= kMaxInbound) return nullptr;
        for (const Interest& interest : interests) {
            if (!stream_matches(stream, interest.prefix)) continue;
            const Inbound fresh{interest.follower, Admission(interest.from_head), false, loop.now()};
            return &inbound.emplace(key, fresh).first->second;
        }
        return nullptr;
    }

    void enter(Inbound& in, const std::string& source, const std::string& stream, std::uint64_t epoch, Word word) {
        if (!in.admission.enter(epoch, word)) return;
        in.told_complete = false;
        in.follower->on_reset(source, stream);
    }

    void settle(Inbound& in, const std::string& source, const std::string& stream) {
        if (in.admission.settle()) ++counters.repairs;
        if (!in.admission.complete()) {
            in.told_complete = false;
        } else if (!in.told_complete) {
            in.told_complete = true;
            in.follower->on_complete(source, stream);
        }
    }

    void hear_head(const std::string& source, const wire::Head& head) {
        Inbound* in = find_inbound(source, head.stream);
        if (in == nullptr) return;
        enter(*in, source, head.stream, head.epoch, Word::vector);
        if (in->admission.epoch() != head.epoch) return;
        if (in->admission.heard_head(head.head)) vector_by(loop.now() + kCoalesce);
        settle(*in, source, head.stream);
        // An old vector may come late, and then its head is not the newest.
        if (in->admission.complete() && in->admission.position() == head.head)
            in->follower->on_current(source, head.stream);
    }

    void hear_records(const wire::Envelope& envelope) {
        const auto peer = peers.find(envelope.from);
        if (peer != peers.end() && peer->second.lives.has_ended(envelope.boot)) {
            counters.duplicates += envelope.records.size();
            return;
        }
        Inbound* in = find_inbound(envelope.from, envelope.stream);
        if (in == nullptr) return;
        enter(*in, envelope.from, envelope.stream, envelope.epoch, Word::record);
        if (envelope.reset && envelope.epoch == in->admission.epoch() && in->admission.position() > 0) {
            in->admission.restart();
            in->told_complete = false;
            in->follower->on_reset(envelope.from, envelope.stream);
        }
        switch (in->admission.judge(envelope)) {
            case Verdict::refused:
            case Verdict::duplicate: counters.duplicates += envelope.records.size(); return;
            case Verdict::gap:
                ++counters.gaps;
                in->told_complete = false;
                vector_by(loop.now() + kCoalesce);
                return;
            case Verdict::apply: break;
        }
        for (const wire::Record& record : envelope.records) {
            if (record.number <= in->admission.position()) continue;
            in->admission.applied(record.number);
            in->follower->on_record(envelope.from, envelope.stream, record);
        }
        settle(*in, envelope.from, envelope.stream);
        if (in->admission.want()) vector_by(loop.now() + kCoalesce);
    }

    void refuse() { ++counters.refused; }

    void hear(std::string_view topic, std::string_view payload) {
        if (!valid_topic(topic) || payload.size() > kMaxPayload) return refuse();
        const Result<wire::Envelope> envelope = wire::decode<wire::Envelope>(payload);
        if (!envelope || envelope->v != 1 || envelope->records.size() > Window::kRecords) return refuse();
        if (envelope->from == self.id) return;
        if (topic.starts_with("v1/vector/")) return hear_vector(*envelope);
        hear_records(*envelope);
    }
};

Exchange::Exchange(rt::Loop& loop, Transport& transport, Identity self)
    : state_(std::make_unique<State>(loop, transport, std::move(self))) {}

Exchange::~Exchange() = default;

void Exchange::offer(const std::string& stream, FeedSource& source) {
    state_->outbound[stream].source = &source;
    state_->outbound[stream].published = source.head();
    state_->vector_by(state_->loop.now() + kCoalesce);
}

void Exchange::follow(const std::string& prefix, Follower& follower, bool from_head) {
    state_->interests.push_back({prefix, &follower, from_head});
    state_->transport.subscribe(prefix.ends_with('/') ? "v1/" + prefix : "v1/" + prefix + "/");
}

void Exchange::changed(const std::string& stream) { state_->changed(stream); }

void Exchange::sample(const std::string& stream, std::uint64_t number, const std::string& key, std::string_view kind,
                      std::string body) {
    wire::Envelope envelope;
    envelope.prev = number - 1;
    envelope.records.push_back({number, std::string(kind), key, false, std::move(body)});
    state_->send(live_topic(stream, key), stream, std::move(envelope));
}

bool Exchange::wanted(const std::string& stream, const std::string& key) const {
    return state_->transport.wanted(key.empty() ? "v1/" + stream + "/" : live_topic(stream, key));
}

void Exchange::on_vector(std::function<void(const Peer&, const wire::Vector&)> handler) {
    state_->vector_handler = std::move(handler);
}

void Exchange::leave() {
    state_->leaving = true;
    state_->send_vector();
}

bool Exchange::complete(const std::string& source, const std::string& stream) const {
    const auto it = state_->inbound.find({source, stream});
    return it != state_->inbound.end() && it->second.admission.complete();
}

std::map<std::string, std::uint64_t> Exchange::positions(const std::string& stream) const {
    std::map<std::string, std::uint64_t> out;
    const auto it = state_->outbound.find(stream);
    if (it == state_->outbound.end()) return out;
    for (const auto& [receiver, window] : it->second.receivers) out.emplace(receiver, window.position());
    return out;
}

const Exchange::Counters& Exchange::counters() const { return state_->counters; }

}  // namespace drover::bus
