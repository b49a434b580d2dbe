// Failures: a row of failures of something that is tried again after each: a driver, a daemon, a plugin of devices.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace drover::driver_manager {

class Failures {
   public:
    static constexpr Duration kFirstPause = seconds(5);  // after the second in a row, doubled with each further one
    static constexpr Duration kLongestPause = minutes(2);

    // There is another one: how long to wait until the next try. The first may be a restart, so not at all.
    Duration pause() {
        const std::uint64_t before = count_++;
        return before == 0 ? Duration{} : backoff(kFirstPause, before - 1, kLongestPause);
    }
    void over() { count_ = 0; }

    std::uint64_t count() const { return count_; }

   private:
    std::uint64_t count_ = 0;
};

}  // namespace drover::driver_manager
