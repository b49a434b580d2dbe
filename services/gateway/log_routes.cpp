// /v1/allocs/ID/logs and /v1/logs/NAME: one log as text, whole or from an offset, or with `merge` the lines of several;
// to their present end or for as long as they come.
#include <algorithm>

#include "gateway/log_query.hpp"
#include "gateway/merged_log.hpp"
#include "gateway/routes.hpp"
#include "logs/lines.hpp"

namespace drover::gateway {
namespace {

// What of the chunk stands at `position` or behind it, with a sentence in the place of what was removed before it was
// read. False when there is nothing.
bool go_on(std::uint64_t position, wire::LogChunk& chunk) {
    if (chunk.offset < position) {
        chunk.data.erase(0, std::min<std::uint64_t>(position - chunk.offset, chunk.data.size()));
        chunk.offset = position;
    }
    return !chunk.data.empty();
}

// What follows `chunk`, while there is something or may be.
bool pump(Backend& backend, const LogQuery& query, const LogSource& source, wire::LogChunk chunk, const Write& write) {
    bool ended = false;
    while (!backend.closing()) {
        if (!write(chunk.data)) return false;
        const std::uint64_t position = chunk.offset + chunk.data.size();
        if (position >= chunk.end) {
            if (!query.follow || ended) return true;
            // One more read after the end was seen: what the task wrote last is then on disk.
            ended = has_ended(backend, source);
            if (!ended) backend.pause(kPollLogs);
        }
        auto next = read_log_at(backend, source, {.offset = signed_offset(position)});
        if (next && go_on(position, *next)) {
            if (next->offset > position && !write("\n" + logs::hole_text(next->offset - position) + "\n")) return false;
            chunk = std::move(*next);
        } else if (next) {
            // A piece that is missing although more was announced would be asked for again for ever.
            if (next->end > position && !query.follow) return false;
            if (next->end > position) backend.pause(kPollLogs);
            chunk = wire::LogChunk();
            chunk.offset = chunk.end = position;
        } else if (query.follow) {
            // A driver-manager that is away comes back.
            chunk = wire::LogChunk();
            chunk.offset = chunk.end = position;
        } else {
            return false;
        }
    }
    return false;
}

Result<wire::LogChunk> read_first(Backend& backend, const LogQuery& query, const LogSource& source) {
    auto first = query.tail ? read_log_tail(backend, source, *query.tail, query.since)
                            : read_log_at(backend, source, {.offset = query.offset, .since = query.since});
    // A follower may come before the task has written anything.
    if (!first && first.error().kind == ErrorKind::not_found && query.follow && !has_ended(backend, source)) {
        return wire::LogChunk{};
    }
    return first;
}

Reply read_one(Backend& backend, const LogQuery& query) {
    const auto source = pick_source(backend, query);
    if (!source) return error_reply(source.error());
    auto first = read_first(backend, query, *source);
    if (!first) return error_reply(first.error());
    const std::string offset = std::to_string(first->offset), end = std::to_string(first->end);
    return {.type = "text/plain; charset=utf-8",
            .stream = [&backend, query, source = *source,
                       first = *first](const Write& write) { return pump(backend, query, source, first, write); },
            .headers = {{"X-Drover-Offset", offset}, {"X-Drover-End", end}}};
}

Reply read_several(Backend& backend, const LogQuery& query) {
    const auto sources = find_sources(backend, query);
    if (!sources) return error_reply(sources.error());
    if (sources->size() > MergedLog::kMaxLogs) {
        return error_reply(Error{ErrorKind::invalid, std::to_string(sources->size()) + " logs are too many to merge, " +
                                                         std::to_string(MergedLog::kMaxLogs) +
                                                         " are possible; choose an alloc, a task or a stream"});
    }
    if (sources->empty()) {
        return error_reply(Error{ErrorKind::not_found, "there is no log to read: no alloc of it has a task \"" +
                                                           query.task + "\", or there is no alloc yet"});
    }
    return {.type = "application/x-ndjson", .stream = [&backend, query, first = *sources](const Write& write) {
                return MergedLog(backend, query, first).run(write);
            }};
}

}  // namespace

Reply read_logs(const Context& context, const Call& call) {
    auto query = read_log_query(context, call);
    if (!query) return error_reply(query.error());
    return query->merge ? read_several(context.backend, *query) : read_one(context.backend, *query);
}

}  // namespace drover::gateway
