// What goes wrong in a simulation: parts that die and come back, are cut off or taken for dead.
#pragma once

#include "system.hpp"

namespace drover::sim {

void schedule_faults(System& system);

}  // namespace drover::sim
