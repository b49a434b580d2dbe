// One simulation: a whole system drawn from a seed, its faults, its users, and the promises checked on the way.
#pragma once

#include <cstdint>
#include <string>

#include "world.hpp"

namespace drover::sim {

struct Outcome {
    std::string violation;  // empty: all promises held
    std::uint64_t steps = 0;
    std::uint64_t events = 0;
};

Outcome simulate(std::uint64_t seed, bool trace, EdgesSeen& edges);

}  // namespace drover::sim
