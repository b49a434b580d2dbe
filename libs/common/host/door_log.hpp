// What is said about those who are turned away, from the bus or over HTTP.
#pragma once

#include <atomic>
#include <cstdint>

#include "bus/refusal.hpp"

namespace drover::host {

// Adds each to `count`, which outlives the handler, and logs it with its address: at most one line a second for
// each reason, so that nobody fills the log from outside, which says how many there were since the one before. May be
// called from any thread.
bus::RefusalHandler log_refusals(std::atomic<std::uint64_t>& count);

// How many this process has turned away from the bus.
std::atomic<std::uint64_t>& turned_away();

}  // namespace drover::host
