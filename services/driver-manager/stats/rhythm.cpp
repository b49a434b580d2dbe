#include "driver-manager/stats/rhythm.hpp"

namespace drover::stats {

Rhythm::Due Rhythm::due(Instant now, bool heard) const {
    if (now < not_before_) return Due::nothing;
    if (now >= last_of_all_ + kUnheard) return Due::all;
    return heard && now >= last_ + kHeard ? Due::heard : Due::nothing;
}

void Rhythm::measured(Instant now, Due what) {
    last_ = now;
    if (what == Due::all) last_of_all_ = now;
    failures_ = 0;
}

void Rhythm::failed(Instant now) { not_before_ = now + backoff(kHeard, failures_++, kLongest); }

}  // namespace drover::stats
