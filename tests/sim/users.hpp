// What users want of a simulation: each of them acts once, at some time.
#pragma once

#include "system.hpp"

namespace drover::sim {

void schedule_users(System& system);

}  // namespace drover::sim
