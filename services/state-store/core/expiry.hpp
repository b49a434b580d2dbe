// What is kept up to a count and an age.
#pragma once

#include <functional>

#include "state-store/core/view.hpp"

namespace drover::store {

// The oldest entries of the log that are too many or `old`, at most `limit`. Reads one entry when there are none, which
// is most of the time, so it may be asked at every commit.
Result<std::vector<Log::Entry>> expired(const Log& log, std::uint64_t max_count, std::size_t limit,
                                        const std::function<bool(const Log::Entry&)>& old);

std::vector<std::string> keys_of(const std::vector<Log::Entry>& entries);

}  // namespace drover::store
