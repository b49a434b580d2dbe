// Waiting for the thing itself, with a deadline.
#pragma once

#include <functional>

#include "base/time.hpp"

namespace drover::integration {

// Monotonic.
Instant now();

// Asks `done` every few milliseconds until it says yes; false when `limit` has passed.
bool eventually(const std::function<bool()>& done, Duration limit);

}  // namespace drover::integration
