// Post: the record of a supervised task and those who watch it. Facts are on disk before anybody hears of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "shim/control.hpp"
#include "shim/status.hpp"

namespace drover::supervisor {

class Post {
   public:
    Post(shim::StatusFile& status, shim::Control& control);

    // What is said with the next publish().
    ShimStatus& record() { return status_.record; }
    const ShimStatus& record() const { return status_.record; }
    shim::Control& control() { return control_; }

    void publish();

    // Beside a start or a run that goes on; empty: nothing.
    void waits_for(const std::string& sentence);

    // False when it is asked already.
    bool begin_stop();

    // A signal that was ordered has reached the task, or why not: an errno. False when that was said before.
    bool signal_applied(std::uint64_t order, int error);

    // Final.
    void finish(ShimPhase phase, std::uint64_t lost_bytes);
    void fail_start(const std::string& sentence, bool recoverable);
    bool finished() const { return finished_; }

   private:
    shim::StatusFile& status_;
    shim::Control& control_;
    bool finished_ = false;
};

// Not to one that got the pid later; false when there is no process `pid` that began at `start`.
bool signal_exactly(pid_t pid, std::uint64_t start, int number);

}  // namespace drover::supervisor
