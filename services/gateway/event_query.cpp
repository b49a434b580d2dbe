#include "gateway/event_query.hpp"

#include <algorithm>
#include <limits>

namespace drover::gateway {

Result<wire::Answer> event_page(Backend& backend, const EventFilter& filter, std::uint64_t since, std::uint32_t limit) {
    wire::Request request;
    request.ask = wire::Ask::events;
    request.job = filter.job;
    request.alloc = filter.alloc;
    request.task = filter.task;
    request.since = since;
    request.limit = limit;
    return backend.ask(std::move(request));
}

Result<std::vector<wire::RecordedEvent>> all_events(Backend& backend, const EventFilter& filter, std::size_t limit) {
    std::vector<wire::RecordedEvent> events;
    std::uint64_t since = 0;
    while (events.size() < limit) {
        auto page = event_page(backend, filter, since);
        if (!page) return tl::unexpected(page.error());
        const std::size_t room = std::min(page->events.size(), limit - events.size());
        events.insert(events.end(), page->events.begin(), page->events.begin() + static_cast<std::ptrdiff_t>(room));
        // A page that does not advance would be asked for again for ever.
        if (!page->more || page->next <= since) break;
        since = page->next;
    }
    return events;
}

Result<std::uint64_t> event_head(Backend& backend) {
    // Nothing lies above the largest number, so the answer names the head of the log.
    auto page = event_page(backend, {}, std::numeric_limits<std::int64_t>::max(), 1);
    if (!page) return tl::unexpected(page.error());
    return page->next;
}

}  // namespace drover::gateway
