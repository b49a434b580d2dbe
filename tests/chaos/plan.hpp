// What happens in a storm, drawn from a seed: the same seed gives the same blows at the same times, whatever the system
// makes of them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace drover::chaos {

enum class Fault {
    kill,        // kill -9 of one service, started again after `lasts`
    kill_some,   // of each with an even chance
    kill_all,    // of all
    terminate,   // SIGTERM of one service, started again when it is gone
    freeze,      // SIGSTOP of one service, SIGCONT after `lasts`
    cut_off,     // one alloc-runner and everybody else lose all they say to each other for `lasts`
    kill_task,   // kill -9 of a task that runs for ever
    kill_shim,   // kill -9 of the shim of one
    fill_disk,   // of one service that has a directory, for `lasts`
    step_clock,  // the wall clock of every service jumps by `amount` seconds
    submit       // a job of short tasks
};
inline constexpr Fault kFaults[] = {Fault::kill,      Fault::kill_some,  Fault::kill_all,  Fault::terminate,
                                    Fault::freeze,    Fault::cut_off,    Fault::kill_task, Fault::kill_shim,
                                    Fault::fill_disk, Fault::step_clock, Fault::submit};

const char* to_string(Fault fault);

struct Blow {
    Duration at;  // since the storm began
    Fault fault = Fault::kill;
    std::uint64_t target = 0;  // of what there is to choose from, modulo their number
    Duration lasts;
    std::int64_t amount = 0;
    friend bool operator==(const Blow&, const Blow&) = default;
};

class Random {
   public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t next() { return engine_(); }
    // 0..n-1
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }
    Duration between(Duration low, Duration high) {
        return low + nanoseconds(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).ns) + 1)));
    }

   private:
    std::mt19937_64 engine_;
};

// In the order of their times, all within `length`.
std::vector<Blow> plan_storm(Random& random, Duration length);

}  // namespace drover::chaos
