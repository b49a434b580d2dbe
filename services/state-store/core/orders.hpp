// What users ask of single allocs. not_found: no such alloc or task; refused: the alloc has ended.
#pragma once

#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// An order keeps this many signals, or one per task if the alloc has more tasks.
inline constexpr std::size_t kMaxSignals = 16;

// `no_shutdown_delay`: its tasks skip it, also when they are on their way to the end.
Result<void> stop_alloc(Draft& draft, const std::string& alloc, bool no_shutdown_delay);
// One running task, or, with an empty `task`, all that run; `all`: the whole alloc from the beginning, even after its
// end. refused: it should not run any more, or nothing of what is meant runs.
Result<void> restart_alloc(Draft& draft, const std::string& alloc, const std::string& task, bool all,
                           bool no_shutdown_delay);
// One running task, or, with an empty `task`, all that run. refused: as above.
Result<void> signal_alloc(Draft& draft, const std::string& alloc, const std::string& task, const std::string& signal);

}  // namespace drover::store
