#include "gateway/merged_log.hpp"

#include <algorithm>

#include "gateway/json.hpp"
#include "gateway/log_merge.hpp"

namespace drover::gateway {
namespace {

// A line is in the file at most this much later than its time says.
constexpr Duration kWritten = milliseconds(200);
// A node that does not answer holds the others up no longer than this many looks.
constexpr int kRests = 20;
constexpr int kShortRests = 4;
constexpr std::size_t kBatch = 32 << 10;

Json entry_of(const LogSource& source) {
    return {{"alloc", source.alloc}, {"task", source.task}, {"stream", source.stream}};
}

}  // namespace

MergedLog::MergedLog(Backend& backend, LogQuery query, const std::vector<LogSource>& sources)
    : backend_(backend), query_(std::move(query)), holds_(query_.tail.has_value()) {
    for (const LogSource& source : sources) {
        LogSpan from{.since = query_.since, .marks = true};
        if (query_.tail) {
            const auto tail = read_log_tail(backend_, source, *query_.tail, query_.since);
            if (tail) from = {.offset = signed_offset(tail->offset), .marks = true};
        }
        add(source, from);
    }
}

void MergedLog::add(const LogSource& source, const LogSpan& from) {
    Log log;
    log.source = source;
    log.next = from;
    logs_.push_back(std::move(log));
}

bool MergedLog::run(const Write& write) {
    while (!backend_.closing()) {
        bool more = false;
        for (Log& log : logs_) more = refill(log) || more;
        if (!say_what_is_due(write, more)) return false;
        const auto over = [](const Log& log) { return log.over && log.lines.empty(); };
        if (std::all_of(logs_.begin(), logs_.end(), over)) {
            holds_ = false;
            return flush(write);
        }
        if (more) continue;
        // All that was there has been said.
        holds_ = false;
        if (!flush(write) || !write("")) return false;
        backend_.pause(kPollLogs);
        look_for_more();
    }
    return false;
}

// True when there was something to read.
bool MergedLog::refill(Log& log) {
    if (log.rests > 0) --log.rests;
    if (log.over || log.rests > 0) return false;
    bool found = false;
    while (log.lines.empty() && !log.over) {
        const auto chunk = read_log_at(backend_, log.source, log.next);
        if (!chunk) {
            failed(log, chunk.error());
            return found;
        }
        log.told = false;
        const bool more = log.lines.take(*chunk);
        found = found || more;
        log.next = {.offset = signed_offset(log.lines.position()), .marks = true};
        if (log.lines.position() >= chunk->end) {
            at_end(log, *chunk);
            return found;
        }
        // A piece that is missing although more was announced would be asked for again for ever.
        if (!more) {
            failed(log, {ErrorKind::unavailable, "a piece of the log cannot be read"});
            return found;
        }
    }
    return found;
}

void MergedLog::failed(Log& log, const Error& error) {
    const bool later = query_.follow && !has_ended(backend_, log.source);
    log.over = !later;
    // Others are shown meanwhile, perhaps out of order.
    log.upto = kNever;
    // There is no log before the task starts.
    const bool absent = error.kind == ErrorKind::not_found;
    log.rests = absent ? kShortRests : kRests;
    if (absent || log.told) return;
    log.told = true;
    Json entry = entry_of(log.source);
    entry["error"] = error.message;
    pending_ += dump(entry) + "\n";
}

void MergedLog::at_end(Log& log, const wire::LogChunk& chunk) {
    if (!query_.follow || log.ended) {
        log.lines.finish();
        log.over = true;
        return;
    }
    // One more look after the end was seen: what the task wrote last is then on disk.
    log.ended = has_ended(backend_, log.source);
    log.upto = chunk.now - kWritten;
}

bool MergedLog::say_what_is_due(const Write& write, bool& more) {
    while (true) {
        std::vector<LogFront> fronts;
        for (const Log& log : logs_) {
            if (log.lines.empty()) {
                fronts.push_back({nullptr, log.over ? kNever : log.upto});
            } else {
                fronts.push_back({&log.lines.front(), {}});
            }
        }
        const auto next = next_log(fronts);
        if (!next) return true;
        more = true;
        Log& log = logs_[*next];
        const logs::Line line = log.lines.pop();
        Json entry = entry_of(log.source);
        entry["at"] = line.at.ns;
        entry["line"] = line.text;
        if (!say(dump(entry) + "\n", write)) return false;
        if (!log.lines.empty() || log.over) continue;
        // What it says next may be older than the next of the others.
        log.upto = {};
        return true;
    }
}

bool MergedLog::say(std::string text, const Write& write) {
    if (!holds_) {
        pending_ += text;
        return pending_.size() < kBatch || flush(write);
    }
    held_.push_back(std::move(text));
    if (held_.size() > *query_.tail) held_.pop_front();
    return true;
}

bool MergedLog::flush(const Write& write) {
    if (!holds_) {
        for (const std::string& text : held_) pending_ += text;
        held_.clear();
    }
    if (pending_.empty()) return true;
    const std::string text = std::move(pending_);
    pending_.clear();
    return write(text);
}

// A job may get more allocs.
void MergedLog::look_for_more() {
    if (query_.job.empty()) return;
    const auto sources = find_sources(backend_, query_);
    if (!sources) return;
    for (const LogSource& source : *sources) {
        const auto same = [&](const Log& log) { return log.source == source; };
        if (logs_.size() < kMaxLogs && std::none_of(logs_.begin(), logs_.end(), same))
            add(source, LogSpan{.marks = true});
    }
}

}  // namespace drover::gateway
