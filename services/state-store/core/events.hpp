// The event log: what is asked of it and how long it is kept.
#pragma once

#include "base/time.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

inline constexpr std::size_t kMaxEventsPerAnswer = 100;
inline constexpr std::size_t kMaxAnswerBytes = 24 * 1024;

// Answers an `events` request from the log; `view` tells an alloc's job. Looks at a bounded part of the log: an answer
// with `more` may have no event yet.
Result<wire::Answer> answer_events(const View& view, const Log& log, const wire::Request& request);

struct Retention {
    std::uint64_t max_count = 100'000;
    Duration max_age = hours(24 * 7);
};

// Forgets the oldest events that are over the limits, at most `limit` of them and never the newest, and notes up to
// where: whoever asks for one of them later is told so.
Result<void> remove_events(Draft& draft, const Log& log, const Retention& retention, Instant now, std::size_t limit);

}  // namespace drover::store
