// Rhythm: when usage is measured. Often of what somebody listens to, seldom of the rest, ever more seldom while it
// fails.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace drover::stats {

class Rhythm {
   public:
    enum class Due { nothing, heard, all };

    // `heard`: somebody listens to something of it.
    Due due(Instant now, bool heard) const;
    void measured(Instant now, Due what);
    void failed(Instant now);

    static constexpr Duration kHeard = seconds(1);
    static constexpr Duration kUnheard = seconds(10);
    static constexpr Duration kLongest = minutes(2);  // between attempts that fail

   private:
    Instant last_;
    Instant last_of_all_;
    Instant not_before_;
    std::uint64_t failures_ = 0;  // since it last went well
};

}  // namespace drover::stats
