// Exchange: reliable state over lossy pub/sub. One per process.
//
// A stream is a log of keyed records, numbered by its sender and compacted: of each key only the newest record
// survives, so a replay from 0 is a snapshot. The sender offers a FeedSource per stream and says `changed`; the
// exchange publishes what is new. A receiver follows streams by prefix and gets every surviving record in order,
// exactly once per epoch, whatever the transport loses, repeats or reorders: a record whose `prev` is above its
// position is a gap, and the 1 Hz vectors state everybody's heads and positions, so every hole closes.
//
// Pure but for the Loop and the Transport it is given; runs under SimLoop and SimTransport.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bus/feed.hpp"
#include "bus/transport.hpp"
#include "rt/loop.hpp"
#include "wire/envelope.hpp"

namespace drover::bus {

// What a receiver of streams hears. `source` is the sender's id, `stream` the full name of its stream.
class Follower {
   public:
    virtual ~Follower() = default;
    // A new epoch: everything known of this stream is void until `complete`; records of the snapshot follow.
    virtual void on_reset(const std::string& source, const std::string& stream) = 0;
    // `record.erased`: the object is gone.
    virtual void on_record(const std::string& source, const std::string& stream, const wire::Record& record) = 0;
    // The position has reached the head heard of: what was not heard of since the reset does not exist. Called each
    // time the stream catches up.
    virtual void on_complete(const std::string& source, const std::string& stream) = 0;
    // The sender says that there is still nothing above the position: about once a second while it is heard.
    virtual void on_current(const std::string& /*source*/, const std::string& /*stream*/) {}
};

// A process heard of through its vector.
struct Peer {
    std::string id;
    std::string role;
    std::string boot;
    Instant heard_at;
};

class Exchange {
   public:
    struct Identity {
        std::string id;    // "ar-0", the node's id: stable over restarts
        std::string role;  // "alloc-runner"
        std::string boot;  // random per process
    };

    Exchange(rt::Loop& loop, Transport& transport, Identity self);
    ~Exchange();

    // Both outlive the exchange.
    void offer(const std::string& stream, FeedSource& source);
    // `prefix` as of stream names: "task/observed/". `from_head`: only what comes after the first contact.
    void follow(const std::string& prefix, Follower& follower, bool from_head = false);

    // Publishes what `stream` has above what was published last.
    void changed(const std::string& stream);

    // Says something once to whoever listens now: nothing of it is kept or repeated. `number` counts the samples of the
    // key from 1, so that a listener sees how many it has missed.
    void sample(const std::string& stream, std::uint64_t number, const std::string& key, std::string_view kind,
                std::string body);
    // Does anybody listen to a stream that begins with `stream`, or to a key of it that begins with `key`?
    bool wanted(const std::string& stream, const std::string& key = "") const;

    // Called for every vector heard, after the reads in it were served; for leases and liveness.
    void on_vector(std::function<void(const Peer&, const wire::Vector&)> handler);

    // Says goodbye in a last vector.
    void leave();

    // Has the stream of this source caught up in its current epoch?
    bool complete(const std::string& source, const std::string& stream) const;

    // Receivers' confirmed positions in a stream of ours: receiver id -> number. For "has it been heard" tests.
    std::map<std::string, std::uint64_t> positions(const std::string& stream) const;

    // Since the start: messages that came before something that was missing, such gaps closed, records dropped because
    // already applied, records sent again on request, messages refused because they were malformed or too long,
    // messages of ours not sent because they were too long.
    struct Counters {
        std::uint64_t gaps = 0;
        std::uint64_t repairs = 0;
        std::uint64_t duplicates = 0;
        std::uint64_t replayed = 0;
        std::uint64_t refused = 0;
        std::uint64_t too_long = 0;
    };
    const Counters& counters() const;

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace drover::bus
