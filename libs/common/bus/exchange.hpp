// Exchange: reliable state over lossy pub/sub. One per process.
//
// A stream is a log of keyed records, numbered by its sender and compacted: of each key only the newest record survives,
// so a replay from 0 is a snapshot. The sender offers a FeedSource per stream and says `changed`; the exchange
// publishes what is new. A receiver follows streams by prefix and gets every surviving record in order, exactly once
// per epoch, whatever the transport loses, repeats or reorders: a record whose `prev` is above its position is a gap,
// and the 1 Hz vectors state everybody's heads and positions, so every hole closes.
//
// Pure but for the Loop and the Transport it is given; runs under SimLoop and SimTransport.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/transport.hpp"
#include "rt/loop.hpp"
#include "wire/envelope.hpp"

namespace drover::bus {

class FeedSource {
   public:
    virtual ~FeedSource() = default;
    // Names this numbering; a new one whenever numbers may repeat (every process start for a feed in memory).
    virtual std::uint64_t epoch() const = 0;
    // Number of the newest record, 0 before the first.
    virtual std::uint64_t head() const = 0;
    // The surviving records above `number`, lowest first, at most `limit`.
    virtual std::vector<wire::Record> after(std::uint64_t number, std::size_t limit) const = 0;
};

// A feed in memory. Erased keys stay as tombstones, at most kMaxTombstones of them.
class KeyedFeed : public FeedSource {
   public:
    explicit KeyedFeed(std::uint64_t epoch) : epoch_(epoch) {}

    // Same kind and body as the newest record of the key: nothing happens, returns false.
    bool put(const std::string& key, std::string_view kind, std::string body);
    bool erase(const std::string& key);
    bool contains(const std::string& key) const;
    std::size_t size() const { return live_; }

    std::uint64_t epoch() const override { return epoch_; }
    std::uint64_t head() const override { return head_; }
    std::vector<wire::Record> after(std::uint64_t number, std::size_t limit) const override;

    static constexpr std::size_t kMaxTombstones = 4096;

   private:
    void append(const std::string& key, wire::Record record);

    std::uint64_t epoch_;
    std::uint64_t head_ = 0;
    std::size_t live_ = 0;
    std::map<std::string, std::uint64_t> newest_;      // key -> number
    std::map<std::uint64_t, wire::Record> records_;    // by number
    std::vector<std::uint64_t> tombstones_;            // numbers, oldest first
};

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

    // Called for every vector heard, after the reads in it were served; for leases and liveness.
    void on_vector(std::function<void(const Peer&, const wire::Vector&)> handler);

    // Says goodbye in a last vector.
    void leave();

    // Has the stream of this source caught up in its current epoch?
    bool complete(const std::string& source, const std::string& stream) const;

    // Receivers' confirmed positions in a stream of ours: receiver id -> number. For "has it been heard" tests.
    std::map<std::string, std::uint64_t> positions(const std::string& stream) const;

    struct Counters {
        std::uint64_t gaps = 0, duplicates = 0, replayed = 0, refused = 0;
    };
    const Counters& counters() const;

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace drover::bus
