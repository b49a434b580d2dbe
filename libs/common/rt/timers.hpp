// Timers in order of time, then of registration; shared by both loops.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "rt/loop.hpp"

namespace drover::rt {

class Timers {
   public:
    void add(Token token, Instant when, Handler handler);
    void cancel(Token token);
    // When the next one is due, kNever without any.
    Instant next() const;
    // Runs what is due at `now` and was registered before this call. Handlers may add and cancel.
    void run(Instant now);
    // Runs the earliest one only; false when there is none due.
    bool run_one(Instant now);

   private:
    using Key = std::pair<Instant, Token>;
    std::map<Key, Handler> due_;
    std::unordered_map<Token, Instant> when_;
};

}  // namespace drover::rt
