// What is asked of logs, and whose logs these are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/routes.hpp"

namespace drover::gateway {

// One output stream of a task.
struct LogSource {
    std::string alloc;  // whole ids
    std::string node;
    std::string task;
    std::string stream;

    friend bool operator==(const LogSource&, const LogSource&) = default;
};

struct LogQuery {
    std::string job;     // one of these two is set
    std::string alloc;   // the whole id
    std::string task;    // empty: every one
    std::string stream;  // empty: both
    std::int64_t offset = 0;
    std::optional<std::uint64_t> tail;
    Instant since;
    bool follow = false;
    bool merge = false;
};

// Of /v1/allocs/ID/logs and /v1/logs/NAME, where NAME is that of a job or the beginning of an alloc's id.
Result<LogQuery> read_log_query(const Context& context, const Call& call);

// What it is about now; more may come later when it is about a job.
Result<std::vector<LogSource>> find_sources(Backend& backend, const LogQuery& query);

// The one that is read without `merge`; an error names the choice.
Result<LogSource> pick_source(Backend& backend, const LogQuery& query);

// Nothing can come any more: the task is dead, or its alloc is gone.
bool has_ended(Backend& backend, const LogSource& source);

struct LogSpan {
    std::int64_t offset = 0;  // negative: from the end
    Instant since{};
    bool marks = false;
};
Result<wire::LogChunk> read_log_at(Backend& backend, const LogSource& source, const LogSpan& span);

// How far back tail=N looks for lines.
inline constexpr std::int64_t kTailBytes = 256 * 1024;

// Everything of the last kTailBytes, cut to the last `tail` lines.
Result<wire::LogChunk> read_log_tail(Backend& backend, const LogSource& source, std::uint64_t tail, Instant since);

std::int64_t signed_offset(std::uint64_t offset);

}  // namespace drover::gateway
