#include "gateway/log_query.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/units.hpp"
#include "gateway/log_tail.hpp"

namespace drover::gateway {
namespace {

constexpr std::uint32_t kPiece = 24 << 10;  // what a driver-manager gives at once

Result<std::int64_t> read_offset(const Call& call) {
    const std::string text = call.param("offset", "0");
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(ErrorKind::invalid, "the parameter \"offset\" must be a number of bytes (negative: from the end)");
    }
    return value;
}

Result<Instant> read_since(Backend& backend, const Call& call) {
    const std::string text = call.param("since");
    if (text.empty()) return Instant{};
    if (const auto at = parse_instant(text)) return *at;
    const auto ago = parse_duration(text);
    if (!ago) {
        return fail(ErrorKind::invalid, "\"" + text.substr(0, 64) +
                                            "\" is no time to begin at: write how long ago (10m, 2h30m) or a point in "
                                            "time (2026-11-30T12:00:00Z)");
    }
    const auto now = look<Instant>(backend, [](const Mirror&, Instant time) { return time; });
    if (!now) return tl::unexpected(now.error());
    // Zero would mean any time.
    return std::max(*now - *ago, Instant{1});
}

// The job, if there is one of this name or an alloc of it is left, else the alloc.
Result<void> read_whose(const Context& context, const Call& call, LogQuery& query) {
    const std::string name = call.path[2];
    if (call.path[1] == "logs") {
        const auto known = look<bool>(
            context.backend, [name](const Mirror& m, Instant) { return m.job(name) || !m.allocs(name).empty(); });
        if (!known) return tl::unexpected(known.error());
        if (*known) {
            query.job = name;
            return {};
        }
    }
    auto alloc = find_alloc(context.backend, name);
    if (alloc) {
        query.alloc = alloc->desired->id;
        return {};
    }
    using Records = std::vector<Shared<wire::CollectedAlloc>>;
    const auto gone =
        look<Records>(context.backend, [name](const Mirror& m, Instant) { return m.find_collected(name, 1); });
    if (!gone || gone->empty() || alloc.error().kind != ErrorKind::not_found) {
        if (call.path[1] != "logs" || alloc.error().kind == ErrorKind::conflict) return tl::unexpected(alloc.error());
        return fail(ErrorKind::not_found, "there is no job and no alloc \"" + name +
                                              "\"; `drover job status` lists the jobs, `drover job status NAME` the "
                                              "allocs of one");
    }
    const std::string id = gone->front()->id.substr(0, 8);
    return fail(ErrorKind::not_found, "alloc " + id + " was removed, and its logs with it; `drover alloc status " + id +
                                          "` shows what is kept of it, the last output of failed tasks too");
}

std::string short_name(const LogQuery& query) {
    return query.job.empty() ? "alloc " + query.alloc.substr(0, 8) : "job " + query.job;
}

std::vector<AllocEntry> allocs_of(const Mirror& m, const LogQuery& query) {
    return query.job.empty() ? m.find_allocs(query.alloc, 1) : m.allocs(query.job);
}

bool runs(const AllocEntry& entry) { return !entry.status || entry.status->status <= wire::ClientStatus::running; }

// Those of a job that still run; when none does, the youngest.
std::vector<AllocEntry> present(std::vector<AllocEntry> allocs) {
    const auto younger = [](const AllocEntry& a, const AllocEntry& b) {
        return a.desired->created_at < b.desired->created_at;
    };
    if (std::none_of(allocs.begin(), allocs.end(), runs)) {
        const auto last = std::max_element(allocs.begin(), allocs.end(), younger);
        if (last != allocs.end()) allocs = {*last};
        return allocs;
    }
    std::erase_if(allocs, [](const AllocEntry& entry) { return !runs(entry); });
    return allocs;
}

}  // namespace

Result<LogQuery> read_log_query(const Context& context, const Call& call) {
    if (auto known = call.allow({"task", "stream", "offset", "tail", "since", "follow", "merge"}); !known)
        return tl::unexpected(known.error());
    LogQuery query;
    if (auto whose = read_whose(context, call, query); !whose) return tl::unexpected(whose.error());
    query.task = call.param("task");
    query.stream = call.param("stream");
    if (!query.stream.empty() && query.stream != "stdout" && query.stream != "stderr")
        return fail(ErrorKind::invalid, "the parameter \"stream\" must be stdout or stderr");
    auto offset = read_offset(call);
    auto since = read_since(context.backend, call);
    auto follow = call.flag("follow");
    auto merge = call.flag("merge");
    if (!offset) return tl::unexpected(offset.error());
    if (!since) return tl::unexpected(since.error());
    if (!follow) return tl::unexpected(follow.error());
    if (!merge) return tl::unexpected(merge.error());
    query.offset = *offset;
    query.since = *since;
    query.follow = *follow;
    query.merge = *merge;
    if (query.merge && call.query.count("offset") > 0)
        return fail(ErrorKind::invalid, "an offset is a place in one log; with merge, say since=TIME");
    if (call.query.count("tail") > 0) {
        auto tail = call.number("tail", 0);
        if (!tail) return tl::unexpected(tail.error());
        query.tail = *tail;
    }
    return query;
}

Result<std::vector<LogSource>> find_sources(Backend& backend, const LogQuery& query) {
    return look<std::vector<LogSource>>(backend, [query](const Mirror& m, Instant) {
        std::vector<LogSource> sources;
        for (const AllocEntry& entry : allocs_of(m, query)) {
            for (const wire::TaskSpec& task : entry.desired->group.tasks) {
                if (!query.task.empty() && task.name != query.task) continue;
                for (const char* stream : {"stdout", "stderr"}) {
                    if (query.stream.empty() || query.stream == stream)
                        sources.push_back({entry.desired->id, entry.desired->node, task.name, stream});
                }
            }
        }
        return sources;
    });
}

Result<LogSource> pick_source(Backend& backend, const LogQuery& query) {
    const auto allocs = look<std::vector<AllocEntry>>(
        backend, [query](const Mirror& m, Instant) { return present(allocs_of(m, query)); });
    if (!allocs) return tl::unexpected(allocs.error());
    const std::string whose = short_name(query);
    if (allocs->empty()) return fail(ErrorKind::not_found, whose + " has no alloc, so there are no logs");
    if (allocs->size() > 1) {
        std::string ids;
        for (const AllocEntry& entry : *allocs) ids += (ids.empty() ? "" : ", ") + entry.desired->id.substr(0, 8);
        return fail(ErrorKind::invalid,
                    whose + " has more than one alloc; choose one of " + ids + ", or --merge the logs of all");
    }
    const wire::AllocDesired& alloc = *allocs->front().desired;
    const std::string alloc_name = "alloc " + alloc.id.substr(0, 8);
    std::string names;
    for (const wire::TaskSpec& task : alloc.group.tasks) names += (names.empty() ? "" : ", ") + task.name;
    if (query.task.empty() && alloc.group.tasks.size() != 1) {
        return fail(ErrorKind::invalid,
                    alloc_name + " has more than one task; choose one of: " + names + ", or --merge the logs of all");
    }
    for (const wire::TaskSpec& task : alloc.group.tasks) {
        if (query.task.empty() || task.name == query.task)
            return LogSource{alloc.id, alloc.node, task.name, query.stream.empty() ? "stdout" : query.stream};
    }
    return fail(ErrorKind::not_found, alloc_name + " has no task \"" + query.task + "\"; it has: " + names);
}

bool has_ended(Backend& backend, const LogSource& source) {
    const std::string id = source.alloc, task = source.task;
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

std::int64_t signed_offset(std::uint64_t offset) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(offset, std::numeric_limits<std::int64_t>::max()));
}

Result<wire::LogChunk> read_log_at(Backend& backend, const LogSource& source, const LogSpan& span) {
    wire::LogRead read;
    read.node = source.node;
    read.alloc = source.alloc;
    read.task = source.task;
    read.stream = source.stream;
    read.offset = span.offset;
    read.limit = kPiece;
    read.since = span.since;
    read.marks = span.marks;
    return backend.read_log(std::move(read));
}

Result<wire::LogChunk> read_log_tail(Backend& backend, const LogSource& source, std::uint64_t tail, Instant since) {
    auto whole = read_log_at(backend, source, {.offset = -kTailBytes, .since = since});
    while (whole && whole->offset + whole->data.size() < whole->end && whole->data.size() < kTailBytes) {
        auto more = read_log_at(backend, source, {.offset = signed_offset(whole->offset + whole->data.size())});
        if (!more) return more;
        if (more->data.empty()) break;
        whole->data += more->data;
    }
    if (!whole) return whole;
    const std::size_t start = tail_start(whole->data, static_cast<std::size_t>(tail));
    whole->data.erase(0, start);
    whole->offset += start;
    return whole;
}

}  // namespace drover::gateway
