// Rhythm: when usage is measured. Often while somebody listens, seldom otherwise, ever more seldom while it fails.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace drover::stats {

class Rhythm {
   public:
    bool due(Instant now, bool heard) const { return now >= not_before_ && now >= last_ + (heard ? kHeard : kUnheard); }
    void measured(Instant now);
    void failed(Instant now);

    static constexpr Duration kHeard = seconds(1);
    static constexpr Duration kUnheard = seconds(10);
    static constexpr Duration kLongest = minutes(2);  // between attempts that fail

   private:
    Instant last_;
    Instant not_before_;
    std::uint64_t failures_ = 0;  // since it last went well
};

}  // namespace drover::stats
