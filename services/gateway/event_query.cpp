#include "gateway/event_query.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/nearest.hpp"
#include "base/units.hpp"

namespace drover::gateway {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What was probably meant: "10 minutes" is 10m, a date alone its midnight. "" when there is nothing near.
std::string nearest_start(const std::string& from) {
    std::string text;
    for (const char c : from) {
        if (c != ' ' || (text.size() >= 10 && text[4] == '-')) text += c;
    }
    if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
    for (const char* end : {"", "Z", ":00Z", "T00:00:00Z"}) {
        if (parse_instant(text + end)) return text + end;
    }
    if (!text.empty() && text.front() == '-') text.erase(0, 1);
    const std::size_t unit = text.find_first_not_of("0123456789");
    if (unit != std::string::npos) text.resize(unit + 1);
    if (is_number(text) || parse_duration(text)) return text;
    return nearest(from, std::initializer_list<std::string_view>{"now"});
}

Result<EventStart> find_number(Backend& backend, const std::string& text) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto head = event_head(backend);
    if (!head) return tl::unexpected(head.error());
    if (read.ec != std::errc() || number > *head + 1) {
        return fail(ErrorKind::invalid, "there is no event " + text + " yet: the newest is " + std::to_string(*head) +
                                            "; write from=now for what comes next");
    }
    return EventStart{.since = std::max<std::uint64_t>(number, 1) - 1, .removed_at = {}};
}

Result<EventStart> find_time(Backend& backend, const EventFilter& filter, Instant from) {
    EventStart start;
    while (true) {
        const auto page = event_page(backend, filter, start.since, 1, from);
        if (!page) return tl::unexpected(page.error());
        if (page->removed > start.removed) {
            start.removed = page->removed;
            start.removed_at = page->removed_at;
        }
        if (!page->events.empty()) {
            start.since = page->events.front().number - 1;
            return start;
        }
        const bool on = page->more && page->next > start.since;
        start.since = std::max(start.since, page->next);
        if (!on) return start;
    }
}

}  // namespace

Result<wire::Answer> event_page(Backend& backend, const EventFilter& filter, std::uint64_t since, std::uint32_t limit,
                                Instant from) {
    wire::Request request;
    request.ask = wire::Ask::events;
    request.job = filter.job;
    request.alloc = filter.alloc;
    request.task = filter.task;
    request.since = since;
    request.limit = limit;
    request.from = from;
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

Result<EventStart> find_start(Backend& backend, const EventFilter& filter, const std::string& from) {
    if (from == "now") {
        const auto head = event_head(backend);
        if (!head) return tl::unexpected(head.error());
        return EventStart{.since = *head, .removed_at = {}};
    }
    if (is_number(from)) return find_number(backend, from);
    auto at = parse_instant(from);
    if (const auto ago = parse_duration(from); ago) {
        const auto now = look<Instant>(backend, [](const Mirror&, Instant time) { return time; });
        if (!now) return tl::unexpected(now.error());
        // Before the first event there is nothing either way; zero would mean any time.
        at = std::max(*now - *ago, Instant{1});
    }
    if (at) return find_time(backend, filter, *at);
    const std::string near = nearest_start(from);
    return fail(ErrorKind::invalid,
                "\"" + from.substr(0, 64) + "\" is no place to begin at" +
                    (near.empty() ? "." : "; did you mean " + near + "?") +
                    " It is now, the number of an event (1234), how long ago (10m, 2h30m) or a point in time "
                    "(2026-11-30T12:00:00Z)");
}

}  // namespace drover::gateway
