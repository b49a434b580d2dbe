// The order in which lines of several logs are shown. Pure.
#pragma once

#include <optional>
#include <vector>

#include "logs/lines.hpp"

namespace drover::gateway {

// What is known of one of them.
struct LogFront {
    const logs::Line* line = nullptr;  // its oldest that was not shown yet
    Instant upto{};                    // without one: whatever still comes is younger than this
};

// Whose line is next: the oldest of all, once no log can still come with an older one. Among equals the first log.
std::optional<std::size_t> next_log(const std::vector<LogFront>& fronts);

}  // namespace drover::gateway
