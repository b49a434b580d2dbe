// SimLoop: the same five verbs under virtual time. Descriptors never become readable; time passes only in run_for and
// run_until, at once.
#pragma once

#include "rt/loop.hpp"
#include "rt/timers.hpp"

namespace drover::rt {

class SimLoop : public Loop {
   public:
    explicit SimLoop(Instant start = Instant{seconds(1'000'000'000).ns}) : now_(start) {}

    Instant now() const override { return now_; }
    Token on_readable(int, Handler) override { return ++last_token_; }
    Token on_edge(int, std::function<bool()>) override { return ++last_token_; }
    Token at(Instant when, Handler handler) override;
    void cancel(Token token) override { timers_.cancel(token); }

    // Runs everything that is due within `d`, in order, and ends at now() + d.
    void run_for(Duration d);
    // Runs until `done` or `limit` of virtual time; returns what `done` says last.
    bool run_until(const std::function<bool()>& done, Duration limit);
    // The next timer, if due at or before `limit`; moves the time to it.
    bool step(Instant limit);

   private:
    Instant now_;
    Token last_token_ = 0;
    Timers timers_;
};

}  // namespace drover::rt
