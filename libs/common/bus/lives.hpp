// Lives: which life of a peer is the one that lives, pure. Messages of an ended life may come late, after the first of
// the next; and whoever has only just begun cannot know which of two is the later. The dead fall silent, so the one
// that goes on is right.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/time.hpp"

namespace drover::bus {

class Lives {
   public:
    // What an ended life has said is on its way for less than this; between two vectors of a living one there may be
    // more.
    static constexpr Duration kLate = milliseconds(500);

    // A vector was heard, the `number`th of its life. False for what was overtaken by a later one, or was said in a
    // life that has ended.
    bool hear(Instant now, const std::string& boot, std::uint64_t number);

    // Of which nothing counts any more.
    bool has_ended(const std::string& boot) const;

    // Empty before the first.
    const std::string& boot() const { return living_.boot; }

   private:
    struct Life {
        std::string boot;
        std::uint64_t number = 0;  // of its last vector
    };
    static constexpr std::size_t kMaxEnded = 16;

    Life living_;
    Instant heard_at_;
    std::deque<Life> ended_;  // the latest last
};

}  // namespace drover::bus
