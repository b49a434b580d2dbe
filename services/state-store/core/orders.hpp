// What users ask of single allocs. not_found: no such alloc or task; refused: the alloc has ended.
#pragma once

#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// An order keeps this many signals, or one per task if the alloc has more tasks.
inline constexpr std::size_t kMaxSignals = 16;

Result<void> stop_alloc(Draft& draft, const std::string& alloc);
// One running task, or, with an empty `task`, all that run; `all`: the whole alloc from the beginning, even after its
// end. refused: it should not run any more, or nothing of what is meant runs.
Result<void> restart_alloc(Draft& draft, const std::string& alloc, const std::string& task, bool all);
// An empty `task` means all tasks of the alloc.
Result<void> signal_alloc(Draft& draft, const std::string& alloc, const std::string& task, const std::string& signal);

}  // namespace drover::store
