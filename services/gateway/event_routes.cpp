// /v1/events: server-sent events, or with follow=false one page as JSON.
#include <algorithm>

#include "gateway/event_query.hpp"
#include "gateway/routes.hpp"
#include "gateway/views.hpp"

namespace drover::gateway {
namespace {

// Hints can be lost with a gateway's own restart of its subscription; the tick finds what they did not tell.
constexpr Duration kTick = seconds(1);
constexpr std::uint64_t kMaxWait = 30'000;  // ms

struct Query {
    EventFilter filter;
    EventStart start;
};

// `since` is a number, or "head" for only what is still to come; `from` is the first wanted, by number or time; a
// resuming client's Last-Event-ID wins.
Result<Query> read_query(const Context& context, const Call& call) {
    Query query{.filter = {call.param("job"), call.param("alloc"), call.param("task")}, .start = {}};
    if (!query.filter.alloc.empty()) {
        auto entry = find_alloc(context.backend, query.filter.alloc);
        if (!entry) return tl::unexpected(entry.error());
        query.filter.alloc = entry->desired->id;
    }
    if (!call.last_event_id.empty()) {
        Call header;
        header.query["Last-Event-ID"] = call.last_event_id;
        auto number = header.number("Last-Event-ID", 0);
        if (!number) return tl::unexpected(number.error());
        query.start.since = *number;
        return query;
    }
    const std::string from = call.param("since") == "head" ? "now" : call.param("from");
    if (!from.empty()) {
        auto start = find_start(context.backend, query.filter, from);
        if (!start) return tl::unexpected(start.error());
        query.start = *start;
        return query;
    }
    auto number = call.number("since", 0);
    if (!number) return tl::unexpected(number.error());
    query.start.since = *number;
    return query;
}

// Notes what a page says is missing in front of it.
void note_gap(EventStart& start, const wire::Answer& page) {
    if (page.removed <= start.removed) return;
    start.removed = page.removed;
    start.removed_at = page.removed_at;
}

Json gap_view(const EventStart& start) {
    const std::string number = std::to_string(start.removed), time = to_string(start.removed_at);
    return {{"through", start.removed},
            {"time", start.removed_at.ns},
            {"message", "some of the events asked for are gone: those up to number " + number + " (" + time +
                            ") were removed, because the state-store keeps only so many and for so long "
                            "(events_max_count, events_max_age)"}};
}

std::string frame(const wire::RecordedEvent& event) {
    return "id: " + std::to_string(event.number) + "\nevent: task\ndata: " + dump(event_view(event)) + "\n\n";
}

// Pages until the client goes. What could not be asked now is asked again: the position only moves with what was sent.
bool pump(Backend& backend, Query query, const Write& write) {
    std::uint64_t told = 0;
    while (!backend.closing()) {
        const std::uint64_t seen = backend.hints();
        auto page = event_page(backend, query.filter, query.start.since);
        if (page) {
            note_gap(query.start, *page);
            if (query.start.removed > told) {
                told = query.start.removed;
                if (!write("event: gap\ndata: " + dump(gap_view(query.start)) + "\n\n")) return false;
            }
            for (const wire::RecordedEvent& event : page->events) {
                if (!write(frame(event))) return false;
            }
            query.start.since = std::max(query.start.since, page->next);
            if (page->more) continue;
        }
        if (!write(page ? ": tick\n\n" : ": " + page.error().message + "\n\n")) return false;
        backend.wait_hint(seen, kTick);
    }
    return true;
}

Reply page_reply(Backend& backend, Query query, std::uint32_t limit, Duration wait) {
    Duration left = wait;
    while (true) {
        const std::uint64_t seen = backend.hints();
        auto page = event_page(backend, query.filter, query.start.since, limit);
        if (!page) return error_reply(page.error());
        note_gap(query.start, *page);
        if (page->events.empty() && !page->more && left > Duration{} && !backend.closing()) {
            const Duration step = std::min(left, kTick);
            backend.wait_hint(seen, step);
            left = left - step;
            continue;
        }
        Json events = Json::array();
        for (const auto& event : page->events) events.push_back(event_view(event));
        Json reply{{"events", std::move(events)}, {"next", page->next}, {"more", page->more}};
        if (query.start.removed > 0) reply["gap"] = gap_view(query.start);
        return json_reply(reply);
    }
}

}  // namespace

Reply list_events(const Context& context, const Call& call) {
    if (auto known = call.allow({"job", "alloc", "task", "since", "from", "follow", "limit", "wait"}); !known) {
        return error_reply(known.error());
    }
    if (!call.param("since").empty() && !call.param("from").empty()) {
        return error_reply(400, ErrorKind::invalid, "give one of \"since\" (events above a number) and \"from\"");
    }
    auto query = read_query(context, call);
    if (!query) return error_reply(query.error());
    const bool follow = call.param("follow", "true") != "false";
    auto limit = call.number("limit", kEventPage);
    auto wait = call.number("wait", 0);
    if (!limit) return error_reply(limit.error());
    if (!wait) return error_reply(wait.error());
    if (*limit == 0 || *limit > kEventPage) {
        return error_reply(400, ErrorKind::invalid, "the parameter \"limit\" must be between 1 and 100");
    }
    if (*wait > kMaxWait) {
        return error_reply(400, ErrorKind::invalid, "the parameter \"wait\" is in milliseconds and at most 30000");
    }
    Backend& backend = context.backend;
    if (!follow) {
        return page_reply(backend, *query, static_cast<std::uint32_t>(*limit),
                          milliseconds(static_cast<std::int64_t>(*wait)));
    }
    return {.type = "text/event-stream",
            .stream = [&backend, query = *query](const Write& write) { return pump(backend, query, write); },
            .headers = {{"Cache-Control", "no-store"}}};
}

}  // namespace drover::gateway
