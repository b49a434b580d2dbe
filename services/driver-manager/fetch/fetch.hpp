// One artifact, from its source to its place.
#pragma once

#include "base/result.hpp"
#include "driver-manager/fetch/request/request.hpp"

namespace drover::fetch {

// Works below the current directory: fetches into a directory of its own there, checks and unpacks, moves the whole
// into place and leaves the marker. Of a fetch that failed or was killed nothing is in place, and what it left is
// removed by the next. `unavailable`: trying again may help.
Result<void> fetch(const Request& request);

}  // namespace drover::fetch
