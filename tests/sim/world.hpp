// World: virtual time, a lossy network of whole-object streams, and what the parts of a simulation share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <variant>
#include <vector>

#include "base/edges.hpp"
#include "random.hpp"
#include "wire/desired.hpp"
#include "wire/request.hpp"
#include "wire/status.hpp"

namespace drover::sim {

using Body = std::variant<std::monostate, wire::Members, wire::JobDesired, wire::AllocDesired, wire::AllocOrder,
                          wire::AllocStatus, wire::NodeStatus, wire::NodeOrder, wire::CollectedAlloc, wire::TaskCommand,
                          wire::TaskObserved, wire::AllocReport>;

// One object of a stream; monostate: erased.
struct Entry {
    std::uint64_t number = 0;
    std::string key;
    std::shared_ptr<const Body> body;
};

// A stream as of one moment, as the exchange of a receiver would see it after catching up: the newest record of every
// key, in the order of their numbers.
struct Message {
    std::string from;
    std::uint64_t epoch = 0;  // grows with every start of the sender
    std::uint64_t head = 0;
    std::vector<Entry> entries;
    bool goodbye = false;
};
using Mail = std::shared_ptr<const Message>;

// Whoever hears messages; lives as long as the world.
class Ear {
   public:
    virtual ~Ear() = default;
    virtual void hear(const Message& message) = 0;
};

// The sending end.
class Feed {
   public:
    void put(const std::string& key, Body body);
    void erase(const std::string& key) {
        if (newest_.contains(key)) put(key, std::monostate{});
    }
    std::uint64_t head() const { return head_; }
    // The whole stream as a message of this sender.
    Mail mail(const std::string& from, std::uint64_t epoch) const;
    const Body* find(const std::string& key) const;
    // Is there anything that is not erased?
    bool any() const;
    // A store that starts again does not tell any more what it has not.
    void drop_erased();

   private:
    std::uint64_t head_ = 0;
    std::map<std::string, Entry> newest_;
    mutable Mail mail_;  // of the current head
};

// The receiving end of one stream: its position.
class Position {
   public:
    enum class News { none, partial, complete };  // complete: has caught up by this message
    // Calls `reset` when the sender has begun anew, `hear` for every entry above the position.
    template <class Reset, class Hear>
    News take(const Message& message, std::size_t limit, Reset reset, Hear hear) {
        if (message.epoch < epoch_) return News::none;
        if (message.epoch > epoch_) {
            *this = Position();
            epoch_ = message.epoch;
            reset();
        }
        if (message.head <= position_ && caught_up_) return News::none;
        head_ = std::max(head_, message.head);
        for (const Entry& entry : message.entries) {
            if (entry.number <= position_) continue;
            caught_up_ = false;
            if (limit-- == 0) return News::partial;
            hear(entry);
            position_ = entry.number;
        }
        position_ = std::max(position_, message.head);
        caught_up_ = position_ == head_;
        return caught_up_ ? News::complete : News::partial;
    }

    // Does the message say that there is nothing above the position?
    bool confirmed_by(const Message& message) const {
        return caught_up_ && message.epoch == epoch_ && message.head == position_;
    }

   private:
    std::uint64_t epoch_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t head_ = 0;  // the highest heard of
    bool caught_up_ = false;
};

// A broken promise: always the same words for the same one, and what broke it.
struct Violation {
    std::string promise;
    std::string how;
};

struct EdgesSeen {
    EdgeCounts task{};
    EdgeCounts alloc{};
    EdgeCounts slot{};
};

class World {
   public:
    World(std::uint64_t seed, bool trace) : random(seed), trace_(trace) {}

    Instant now() const { return now_; }
    void after(Duration delay, std::function<void()> what);
    // Runs until `end` of virtual time.
    void run_until(Instant end);
    // A message to `receiver`: lost, late, twice, out of order.
    void send(const Mail& mail, Ear& receiver);

    bool tracing() const { return trace_; }
    void trace(const std::string& line) const;
    [[noreturn]] void violate(const std::string& promise, const std::string& how = "") const;
    // Nothing is lost and nothing comes in part.
    bool is_clean() const { return loss == 0 && partial == 0; }

    std::function<void()> watch;  // called after every step

    Random random;
    std::uint64_t loss = 0;         // percent
    std::uint64_t duplication = 0;  // percent
    std::uint64_t partial = 10;     // percent of messages of which only the beginning arrives
    Duration delay_max = milliseconds(2);
    std::uint64_t steps = 0;

   private:
    struct Event {
        Instant at;
        std::uint64_t order;
        std::function<void()> what;
        Ear* ear = nullptr;  // instead of `what`
        Mail mail;
        bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
    };

    bool trace_;
    Instant now_{seconds(1'000'000'000).ns};
    std::uint64_t order_ = 0;
    std::vector<Event> events_;  // a heap
};

}  // namespace drover::sim
