#include "rt/sim_loop.hpp"

#include <algorithm>

namespace drover::rt {

Token SimLoop::at(Instant when, Handler handler) {
    timers_.add(++last_token_, std::max(when, now_), std::move(handler));
    return last_token_;
}

bool SimLoop::step(Instant limit) {
    const Instant next = timers_.next();
    if (next > limit || next == kNever) return false;
    now_ = std::max(now_, next);
    return timers_.run_one(now_);
}

void SimLoop::run_for(Duration d) {
    const Instant end = now_ + d;
    while (step(end)) {
    }
    now_ = end;
}

bool SimLoop::run_until(const std::function<bool()>& done, Duration limit) {
    const Instant end = now_ + limit;
    while (!done()) {
        if (!step(end)) {
            now_ = end;
            return done();
        }
    }
    return true;
}

}  // namespace drover::rt
