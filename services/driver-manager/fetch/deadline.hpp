// How much of the time for an artifact is left, and which pauses it allows.
#pragma once

#include <functional>

#include "base/result.hpp"
#include "base/time.hpp"

namespace drover::fetch {

class Deadline {
   public:
    explicit Deadline(Duration time);

    // Zero or less once it has passed.
    Duration left() const;

    // Sleeps before attempt number `attempt`, the first repeat being 1; false when there is no time or no attempt left.
    bool pause_before(std::uint64_t attempt) const;

   private:
    std::int64_t end_ns_;
};

// Tries up to four times, with growing pauses, what fails as `unavailable`.
Result<void> with_retries(const Deadline& deadline, const std::function<Result<void>()>& attempt);

}  // namespace drover::fetch
