#include "driver-manager/stats/rhythm.hpp"

namespace drover::stats {

void Rhythm::measured(Instant now) {
    last_ = now;
    failures_ = 0;
}

void Rhythm::failed(Instant now) { not_before_ = now + backoff(kHeard, failures_++, kLongest); }

}  // namespace drover::stats
