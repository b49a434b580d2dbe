// Event queries: pages of the store's event log, put together.
#pragma once

#include <string>
#include <vector>

#include "gateway/backend.hpp"

namespace drover::gateway {

// Each "" means any.
struct EventFilter {
    std::string job{};
    std::string alloc{};
    std::string task{};
};

inline constexpr std::uint32_t kEventPage = 100;

// Events above `since`, oldest first, and where to go on; with `from` only the first of that time and those behind it.
Result<wire::Answer> event_page(Backend& backend, const EventFilter& filter, std::uint64_t since,
                                std::uint32_t limit = kEventPage, Instant from = {});

// All of them from the beginning, at most `limit`, oldest first. Events of one task are in the order of their `n`.
Result<std::vector<wire::RecordedEvent>> all_events(Backend& backend, const EventFilter& filter, std::size_t limit);

// The number of the newest event in the log: a stream from here holds only what is still to come.
Result<std::uint64_t> event_head(Backend& backend);

// Where a reader begins: above a number. Of what was asked for, retention has removed all events up to `removed`, of
// times up to `removed_at`; 0: none.
struct EventStart {
    std::uint64_t since = 0;
    std::uint64_t removed = 0;
    Instant removed_at;
};

// "now", the number of the first event wanted, how long ago ("10m"), or a point in time (RFC 3339). Errors name the
// nearest valid form.
Result<EventStart> find_start(Backend& backend, const EventFilter& filter, const std::string& from);

}  // namespace drover::gateway
