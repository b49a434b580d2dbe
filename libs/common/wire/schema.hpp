// The wire types in words, one line per field: "TaskEvent.time: time". wire.lock is this text as last released.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace drover::wire {

// Every field of every message reachable from messages.hpp, sorted.
std::vector<std::string> schema();

}  // namespace drover::wire
