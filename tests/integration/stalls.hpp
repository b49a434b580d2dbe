// How long the machine keeps those waiting who are ready to run: what a test may forgive when it judges times.
#pragma once

#include <atomic>
#include <thread>

#include "base/time.hpp"

namespace drover::integration {

// Measures for as long as it lives, with naps of a few milliseconds. On an idle machine the worst is well below one.
class Stalls {
   public:
    Stalls();
    ~Stalls();
    Stalls(const Stalls&) = delete;
    Stalls& operator=(const Stalls&) = delete;

    // The longest that a nap has lasted beyond its time so far.
    Duration worst() const { return {worst_.load()}; }

   private:
    std::atomic<std::int64_t> worst_{0};
    std::atomic<bool> over_{false};
    std::thread napper_;
};

}  // namespace drover::integration
