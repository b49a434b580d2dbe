// What is said about those who are turned away from the bus; internal to host.
#pragma once

#include "bus/refusal.hpp"

namespace drover::host {

// Counts each in the metric drover_bus_refused_total and logs it with its address: at most one line a second, so that
// nobody fills the log from outside, which says how many there were since the one before.
bus::RefusalHandler log_refusals();

}  // namespace drover::host
