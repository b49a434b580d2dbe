#include "bus/lives.hpp"

#include <algorithm>
#include <utility>

namespace drover::bus {

bool Lives::hear(Instant now, const std::string& boot, std::uint64_t number) {
    if (boot == living_.boot) {
        if (number <= living_.number) return false;
        living_.number = number;
        heard_at_ = now;
        return true;
    }
    const auto ended = std::find_if(ended_.begin(), ended_.end(), [&](const Life& one) { return one.boot == boot; });
    if (ended != ended_.end()) {
        if (number <= ended->number) return false;
        ended->number = number;
        if (now - heard_at_ < kLate) return false;
        ended_.erase(ended);
    }
    if (!living_.boot.empty()) ended_.push_back(std::move(living_));
    if (ended_.size() > kMaxEnded) ended_.pop_front();
    living_ = {boot, number};
    heard_at_ = now;
    return true;
}

bool Lives::has_ended(const std::string& boot) const {
    return std::any_of(ended_.begin(), ended_.end(), [&](const Life& one) { return one.boot == boot; });
}

}  // namespace drover::bus
