// Leases: which alloc-runners count as alive. The set and its generation are durable as Members; how long each lease
// still runs is not, since a store that was away cannot know who spoke meanwhile.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "base/time.hpp"
#include "wire/messages.hpp"

namespace drover::store {

inline constexpr Duration kLeaseTtl = seconds(3);

class Leases {
   public:
    // Nobody of `members` is taken away for one TTL. `anew`: the recorded generation may be older than one that was
    // once published (or there is none); the next one is then above any that an earlier store can have got to, so
    // that fences elsewhere do not take this store's words for old ones, and what was recorded is complete since `now`.
    Leases(const wire::Members& members, bool anew, Instant now, Duration ttl = kLeaseTtl);

    // A vector of an alloc-runner: grants, renews, or replaces an earlier boot of the same id. True: the set changed.
    bool heard(const std::string& id, const std::string& boot, Instant now);
    // Its last vector.
    bool left(const std::string& id, const std::string& boot);
    bool expire(Instant now);

    // When expire() will have something to do.
    Instant next_expiry() const;
    wire::Members members() const;
    std::uint64_t generation() const { return generation_; }
    Instant complete_since() const { return complete_since_; }

   private:
    struct Lease {
        std::string boot;
        Instant until;
    };
    using Boots = std::deque<std::string>;
    static constexpr std::size_t kGoneBoots = 64;

    static void remember(Boots& boots, const std::string& boot);

    // Late words of a boot that has left must not bring it back, those of one that was replaced not while the other
    // lasts: which of two is the newer one only time tells, because first words may come in any order.

    Duration ttl_;
    std::uint64_t generation_;
    Instant complete_since_;
    std::map<std::string, Lease> leases_;  // by id
    Boots left_;
    Boots replaced_;
};

}  // namespace drover::store
