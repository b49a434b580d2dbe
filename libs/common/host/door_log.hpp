// What is said about those who are turned away, from the bus or over HTTP.
#pragma once

#include <string>

#include "bus/refusal.hpp"

namespace drover::host {

// Counts each in the metric of this name and logs it with its address: at most one line a second, so that nobody fills
// the log from outside, which says how many there were since the one before. May be called from any thread.
bus::RefusalHandler log_refusals(const std::string& metric);

}  // namespace drover::host
