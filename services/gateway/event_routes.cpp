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
    std::uint64_t since = 0;
};

// `since` is a number, or "head" for only what is still to come; a resuming client's Last-Event-ID wins.
Result<Query> read_query(const Context& context, const Call& call) {
    Query query{.filter = {call.param("job"), call.param("alloc"), call.param("task")}};
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
        query.since = *number;
        return query;
    }
    if (call.param("since") == "head") {
        auto head = event_head(context.backend);
        if (!head) return tl::unexpected(head.error());
        query.since = *head;
        return query;
    }
    auto number = call.number("since", 0);
    if (!number) return tl::unexpected(number.error());
    query.since = *number;
    return query;
}

std::string frame(const wire::RecordedEvent& event) {
    return "id: " + std::to_string(event.number) + "\nevent: task\ndata: " + dump(event_view(event)) + "\n\n";
}

// Pages until the client goes. What could not be asked now is asked again: the position only moves with what was sent.
bool pump(Backend& backend, Query query, const Write& write) {
    while (!backend.closing()) {
        const std::uint64_t seen = backend.hints();
        auto page = event_page(backend, query.filter, query.since);
        if (page) {
            for (const wire::RecordedEvent& event : page->events) {
                if (!write(frame(event))) return false;
            }
            query.since = std::max(query.since, page->next);
            if (page->more) continue;
        }
        if (!write(page ? ": tick\n\n" : ": " + page.error().message + "\n\n")) return false;
        backend.wait_hint(seen, kTick);
    }
    return true;
}

Reply page_reply(Backend& backend, const Query& query, std::uint32_t limit, Duration wait) {
    Duration left = wait;
    while (true) {
        const std::uint64_t seen = backend.hints();
        auto page = event_page(backend, query.filter, query.since, limit);
        if (!page) return error_reply(page.error());
        if (page->events.empty() && !page->more && left > Duration{} && !backend.closing()) {
            const Duration step = std::min(left, kTick);
            backend.wait_hint(seen, step);
            left = left - step;
            continue;
        }
        Json events = Json::array();
        for (const auto& event : page->events) events.push_back(event_view(event));
        return json_reply(Json{{"events", std::move(events)}, {"next", page->next}, {"more", page->more}});
    }
}

}  // namespace

Reply list_events(const Context& context, const Call& call) {
    if (auto known = call.allow({"job", "alloc", "task", "since", "follow", "limit", "wait"}); !known) {
        return error_reply(known.error());
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
