// From a failing run to a smaller one that breaks the same promise: options are left out, half of them first, then ever
// smaller parts, until each that is left is needed or the patience is over.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "simulation.hpp"

namespace drover::sim {

using Rerun = std::function<Outcome(const std::set<std::string>& only)>;

struct Shrunk {
    std::vector<std::string> only;  // what is left
    std::size_t runs = 0;
};

// `failing`: the outcome of the whole run.
Shrunk shrink(const Outcome& failing, const Rerun& rerun, std::size_t most_runs = 3000);

}  // namespace drover::sim
