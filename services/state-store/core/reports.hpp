// What alloc-runners say. Fences: a term below the one recorded for the alloc, or other than the members' generation,
// is refused; the error's sentence is for the log, since the speaker learns the rest from Members.
#pragma once

#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// An alloc that an alloc-runner wants to have recorded. One that is recorded can only be told to stop. One that was
// placed before `complete_since` (Members) is known from its node: it is recorded whatever has become of its job.
Result<void> record_proposal(Draft& draft, const wire::AllocDesired& proposal, std::uint64_t generation,
                             Instant complete_since);

// Events above the last recorded one of each task, as far as they follow without a hole; the status if it is newer and
// all events it counts are recorded; then what is recorded now, as AllocRecorded. Hearing a report again changes
// nothing.
Result<void> record_report(Draft& draft, const wire::AllocReport& report, std::uint64_t generation);

}  // namespace drover::store
