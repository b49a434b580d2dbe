// The one source of chance of a simulation: everything follows from the seed.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace drover::sim {

class Random {
   public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 0x1234567) {}

    std::uint64_t next() {  // splitmix64
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    // 0..n-1
    std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : next() % n; }
    bool chance(std::uint64_t percent) { return below(100) < percent; }
    Duration between(Duration low, Duration high) {
        return low + nanoseconds(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).ns) + 1)));
    }

   private:
    std::uint64_t state_;
};

}  // namespace drover::sim
