// The sending end of a stream: a numbered log of keyed records in which of each key only the newest survives.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire/envelope.hpp"

namespace drover::bus {

class FeedSource {
   public:
    virtual ~FeedSource() = default;
    // Names this numbering; a new one whenever numbers may repeat (every process start for a feed in memory).
    virtual std::uint64_t epoch() const = 0;
    // Number of the newest record, 0 before the first. The newest record always survives.
    virtual std::uint64_t head() const = 0;
    // Erasures up to this number are no longer remembered: whoever has less has to start anew.
    virtual std::uint64_t floor() const { return 0; }
    // The surviving records above `number`, lowest first, at most `limit`.
    virtual std::vector<wire::Record> after(std::uint64_t number, std::size_t limit) const = 0;
};

// A feed in memory. Erased keys stay as tombstones, so many at most.
class KeyedFeed : public FeedSource {
   public:
    static constexpr std::size_t kMaxTombstones = 4096;
    // Of questions and answers, of which few stand at any time: whoever is far behind starts anew at little cost.
    static constexpr std::size_t kFewTombstones = 256;

    explicit KeyedFeed(std::uint64_t epoch, std::size_t tombstones = kMaxTombstones)
        : epoch_(epoch), max_tombstones_(tombstones) {}

    // Same kind and body as the newest record of the key: nothing happens, returns false.
    bool put(const std::string& key, std::string_view kind, std::string body);
    // False when there is no such key.
    bool erase(const std::string& key);
    bool contains(const std::string& key) const;
    std::size_t size() const { return live_; }

    std::uint64_t epoch() const override { return epoch_; }
    std::uint64_t head() const override { return head_; }
    std::uint64_t floor() const override { return floor_; }
    std::vector<wire::Record> after(std::uint64_t number, std::size_t limit) const override;

   private:
    void append(const std::string& key, wire::Record record);
    void compact();

    std::uint64_t epoch_;
    std::size_t max_tombstones_;
    std::uint64_t head_ = 0;
    std::uint64_t floor_ = 0;
    std::size_t live_ = 0;
    std::map<std::string, std::uint64_t> newest_;    // key -> number
    std::map<std::uint64_t, wire::Record> records_;  // by number
    std::deque<std::uint64_t> tombstones_;           // numbers, oldest first
};

}  // namespace drover::bus
