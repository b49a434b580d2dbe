// One simulation: a whole system drawn from a seed, its faults, its users, and the promises checked on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "options.hpp"
#include "world.hpp"

namespace drover::sim {

class System;

struct Setup {
    std::uint64_t seed = 1;
    Options::Only only;  // see Options
    bool trace = false;
    std::function<void(System&)> watch = {};  // called after every step; may violate
};

struct Outcome {
    std::string promise;  // that was broken; empty: all held
    std::string how;
    std::vector<std::string> taken;  // options
    std::uint64_t steps = 0;
};

Outcome simulate(const Setup& setup, EdgesSeen& edges);

}  // namespace drover::sim
