// /v1/allocs/ID/logs: a task's output as text, whole or from an offset, to its present end or for as long as it comes.
#include <algorithm>
#include <charconv>
#include <limits>

#include "gateway/log_tail.hpp"
#include "gateway/routes.hpp"

namespace drover::gateway {
namespace {

// How often a follower looks for more: soon enough for a person, rarely enough for a node with many followers.
constexpr Duration kPoll = milliseconds(250);
// How far back tail=N looks for lines.
constexpr std::int64_t kTailBytes = 256 * 1024;

struct LogQuery {
    AllocEntry alloc;
    std::string task;
    std::string stream;
    std::int64_t offset = 0;
    std::optional<std::uint64_t> tail;
    bool follow = false;
};

Result<std::string> pick_task(const wire::AllocDesired& alloc, const std::string& wanted) {
    std::string names;
    for (const wire::TaskSpec& task : alloc.group.tasks) {
        if (task.name == wanted) return wanted;
        names += (names.empty() ? "" : ", ") + task.name;
    }
    if (wanted.empty() && alloc.group.tasks.size() == 1) return alloc.group.tasks.front().name;
    const std::string id = alloc.id.substr(0, 8);
    if (wanted.empty())
        return fail(ErrorKind::invalid, "alloc " + id + " has more than one task; choose one of: " + names);
    return fail(ErrorKind::not_found, "alloc " + id + " has no task \"" + wanted + "\"; it has: " + names);
}

Result<std::int64_t> read_offset(const Call& call) {
    const std::string text = call.param("offset", "0");
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(ErrorKind::invalid, "the parameter \"offset\" must be a number of bytes (negative: from the end)");
    }
    return value;
}

Result<LogQuery> read_log_query(const Context& context, const Call& call) {
    if (auto known = call.allow({"task", "stream", "offset", "tail", "follow"}); !known) {
        return tl::unexpected(known.error());
    }
    LogQuery query;
    auto alloc = find_alloc(context.backend, call.path[2]);
    if (!alloc) return tl::unexpected(alloc.error());
    query.alloc = *alloc;
    auto task = pick_task(*query.alloc.desired, call.param("task"));
    if (!task) return tl::unexpected(task.error());
    query.task = *task;
    query.stream = call.param("stream", "stdout");
    if (query.stream != "stdout" && query.stream != "stderr") {
        return fail(ErrorKind::invalid, "the parameter \"stream\" must be stdout or stderr");
    }
    auto offset = read_offset(call);
    auto follow = call.flag("follow");
    if (!offset) return tl::unexpected(offset.error());
    if (!follow) return tl::unexpected(follow.error());
    query.offset = *offset;
    query.follow = *follow;
    if (call.query.count("tail") > 0) {
        auto tail = call.number("tail", 0);
        if (!tail) return tl::unexpected(tail.error());
        query.tail = *tail;
    }
    return query;
}

Result<wire::LogChunk> read_at(Backend& backend, const LogQuery& query, std::int64_t offset) {
    wire::LogRead read;
    read.node = query.alloc.desired->node;
    read.alloc = query.alloc.desired->id;
    read.task = query.task;
    read.stream = query.stream;
    read.offset = offset;
    return backend.read_log(std::move(read));
}

std::int64_t signed_of(std::uint64_t offset) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(offset, std::numeric_limits<std::int64_t>::max()));
}

// Everything from the last kTailBytes on, cut to the wanted lines.
Result<wire::LogChunk> read_tail(Backend& backend, const LogQuery& query) {
    auto whole = read_at(backend, query, -kTailBytes);
    while (whole && whole->offset + whole->data.size() < whole->end && whole->data.size() < kTailBytes) {
        auto more = read_at(backend, query, signed_of(whole->offset + whole->data.size()));
        if (!more) return more;
        if (more->data.empty()) break;
        whole->data += more->data;
    }
    if (!whole) return whole;
    const std::size_t start = tail_start(whole->data, static_cast<std::size_t>(*query.tail));
    whole->data.erase(0, start);
    whole->offset += start;
    return whole;
}

// Nothing can come any more: the task is dead, or its alloc is gone.
bool has_ended(Backend& backend, const LogQuery& query) {
    const std::string id = query.alloc.desired->id, task = query.task;
    auto ended = look<bool>(backend, [id, task](const Mirror& m, Instant) {
        const auto found = m.find_allocs(id, 1);
        if (found.empty()) return true;
        if (!found.front().status) return false;
        for (const wire::TaskStatus& status : found.front().status->tasks) {
            if (status.name == task) return status.state == wire::TaskState::dead;
        }
        return false;
    });
    return ended && *ended;
}

// What follows `chunk`, while there is something or may be.
bool pump(Backend& backend, const LogQuery& query, wire::LogChunk chunk, const Write& write) {
    bool ended = false;
    while (!backend.closing()) {
        if (!write(chunk.data)) return false;
        const std::uint64_t position = chunk.offset + chunk.data.size();
        if (position >= chunk.end) {
            if (!query.follow || ended) return true;
            // One more read after the end was seen: what the task wrote last is then on disk.
            ended = has_ended(backend, query);
            if (!ended) backend.pause(kPoll);
        }
        auto next = read_at(backend, query, signed_of(position));
        if (next) {
            // A piece that is missing although more was announced would be asked for again for ever.
            if (next->data.empty() && next->end > position) return false;
            chunk = std::move(*next);
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

Result<wire::LogChunk> read_first(Backend& backend, const LogQuery& query) {
    auto first = query.tail ? read_tail(backend, query) : read_at(backend, query, query.offset);
    // A follower may come before the task has written anything.
    if (!first && first.error().kind == ErrorKind::not_found && query.follow && !has_ended(backend, query)) {
        return wire::LogChunk{};
    }
    return first;
}

}  // namespace

Reply read_logs(const Context& context, const Call& call) {
    auto query = read_log_query(context, call);
    if (!query) return error_reply(query.error());
    Backend& backend = context.backend;
    auto first = read_first(backend, *query);
    if (!first) return error_reply(first.error());
    const std::string offset = std::to_string(first->offset), end = std::to_string(first->end);
    return {.type = "text/plain; charset=utf-8",
            .stream = [&backend, query = *query,
                       first = *first](const Write& write) { return pump(backend, query, first, write); },
            .headers = {{"X-Drover-Offset", offset}, {"X-Drover-End", end}}};
}

}  // namespace drover::gateway
