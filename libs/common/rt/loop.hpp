// Loop: the five verbs that every shell runs on. EpollLoop runs on real descriptors and time, SimLoop under virtual
// time; nothing else in Drover waits. One thread; handlers run to completion and must not block.
#pragma once

#include <cstdint>
#include <functional>

#include "base/time.hpp"

namespace drover::rt {

// Names one registration. Never reused, so a stale one finds nothing. 0 is no registration.
using Token = std::uint64_t;

using Handler = std::function<void()>;

class Loop {
   public:
    virtual ~Loop() = default;

    // Never goes backwards, does not follow steps of the wall clock.
    virtual Instant now() const = 0;

    // `handler` runs whenever `fd` is readable or has hung up (level-triggered). The caller keeps the descriptor and
    // cancels before closing it.
    virtual Token on_readable(int fd, Handler handler) = 0;

    // For sources whose descriptor only hints (ZMQ_FD): `drain` runs in every round before the loop sleeps, does some
    // work, and returns true when more is left; then the loop does not sleep. `fd` wakes the loop.
    virtual Token on_edge(int fd, std::function<bool()> drain) = 0;

    // `handler` runs once, at `when` or as soon as possible after it; equal times run in the order of registration.
    virtual Token at(Instant when, Handler handler) = 0;

    // Takes effect at once, also for events of the current round, also from inside the handler. Unknown tokens: no-op.
    virtual void cancel(Token token) = 0;
};

}  // namespace drover::rt
