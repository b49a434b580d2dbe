// What quiet means: what is observed is what is desired, and the store knows it all.
#pragma once

#include <string>

#include "system.hpp"

namespace drover::sim {

// What is not yet as it should be; empty when nothing is left.
std::string trouble(const System& system);

}  // namespace drover::sim
