// Breadth-first through every state there is, so that the first broken promise is found by a shortest way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "system.hpp"

namespace drover::model {

inline constexpr const char* kNoWayToQuiet = "from everywhere there is a way to a quiet end";

struct Outcome {
    std::string broken;              // the promise; empty: all hold
    std::vector<std::string> trace;  // how it was broken, step by step
    bool complete = false;           // there was nothing left to look at
    std::size_t states = 0;
    std::size_t steps = 0;
    std::size_t depth = 0;  // the longest of the shortest ways to a state
    std::size_t quiet = 0;
    std::string parts;
};

struct Limits {
    std::size_t states = 50'000'000;
    std::function<void(const Outcome&)> progress;  // called now and then
};

Outcome search(const Setting& setting, const Limits& limits);

}  // namespace drover::model
