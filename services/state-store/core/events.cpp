#include "state-store/core/events.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "state-store/core/expiry.hpp"
#include "state-store/core/keys.hpp"

namespace drover::store {

namespace {

// How much of the log one answer may look at when a filter leaves little of it.
constexpr std::size_t kChunk = 500;
constexpr std::size_t kMaxChunks = 2;

struct Filter {
    std::string prefix;                // empty: any
    std::array<std::string, 3> parts;  // job, alloc, task; empty: any

    bool admits(std::string_view key) const {
        key.remove_prefix(std::min(kEventPrefix.size(), key.size()));
        for (const std::string& part : parts) {
            const std::size_t end = key.find('/');
            if (!part.empty() && key.substr(0, end) != part) return false;
            key.remove_prefix(end == std::string_view::npos ? key.size() : end + 1);
        }
        return true;
    }
};

Result<Filter> filter_of(const View& view, const wire::Request& request) {
    Filter filter;
    filter.parts = {request.job, request.alloc, request.task};
    if (request.job.empty() && !request.alloc.empty()) {
        const auto alloc = load<wire::AllocDesired>(view, alloc_key(request.alloc));
        if (!alloc) return tl::unexpected(alloc.error());
        if (*alloc) {
            filter.parts[0] = (*alloc)->job;
        } else {
            const auto removed = load<wire::CollectedAlloc>(view, collected_key(request.alloc));
            if (!removed) return tl::unexpected(removed.error());
            if (*removed) filter.parts[0] = (*removed)->job;
        }
    }
    for (const std::string& part : filter.parts) {
        if (part.empty()) break;
        if (filter.prefix.empty()) filter.prefix = kEventPrefix;
        (filter.prefix += part) += '/';
    }
    return filter;
}

// What retention has removed: events up to a number, of times up to one. Kept as "<number> <unix nanoseconds>".
struct Removed {
    std::uint64_t through = 0;
    Instant time;
};

Result<Removed> removed_events(const View& view) {
    const auto note = view.get(kRemovedKey);
    if (!note) return tl::unexpected(note.error());
    Removed removed;
    if (!*note) return removed;
    const char* const end = (*note)->data() + (*note)->size();
    const auto number = std::from_chars((*note)->data(), end, removed.through);
    if (number.ptr != end) std::from_chars(number.ptr + 1, end, removed.time.ns);
    return removed;
}

// Fills one answer from the log, entry by entry.
class Page {
   public:
    Page(wire::Answer& answer, const Filter& filter, const wire::Request& request)
        : answer_(answer),
          filter_(filter),
          limit_(std::clamp<std::size_t>(request.limit, 1, kMaxEventsPerAnswer)),
          from_(request.from) {}

    // False when the entry has to stay behind.
    Result<bool> take(const Log::Entry& entry) {
        if (filter_.admits(entry.key)) {
            if (answer_.events.size() == limit_) return false;
            if (!answer_.events.empty() && bytes_ + entry.value.size() > kMaxAnswerBytes) return false;
            auto event = wire::decode<wire::TaskEvent>(entry.value);
            if (!event) return tl::unexpected(event.error());
            if (!answer_.events.empty() || event->time >= from_) {
                bytes_ += entry.value.size();
                answer_.events.push_back({entry.number, std::move(*event)});
            }
        }
        answer_.next = entry.number;
        return true;
    }

   private:
    wire::Answer& answer_;
    const Filter& filter_;
    std::size_t limit_;
    Instant from_;
    std::size_t bytes_ = 0;
};

}  // namespace

Result<wire::Answer> answer_events(const View& view, const Log& log, const wire::Request& request) {
    const auto filter = filter_of(view, request);
    if (!filter) return tl::unexpected(filter.error());
    const auto removed = removed_events(view);
    if (!removed) return tl::unexpected(removed.error());
    wire::Answer answer;
    answer.id = request.id;
    answer.ok = true;
    answer.next = request.since;
    if (request.since < removed->through && (!request.from.set() || request.from <= removed->time)) {
        answer.removed = removed->through;
        answer.removed_at = removed->time;
    }
    Page page(answer, *filter, request);
    for (std::size_t chunk = 0; chunk < kMaxChunks; ++chunk) {
        const auto slice = log.after(filter->prefix, answer.next, kChunk);
        if (!slice) return tl::unexpected(slice.error());
        for (const Log::Entry& entry : slice->entries) {
            const auto taken = page.take(entry);
            if (!taken) return tl::unexpected(taken.error());
            if (!*taken) {
                answer.more = true;
                return answer;
            }
        }
        answer.next = slice->through;  // also for who asked above the head, which is how one asks where the log ends
        if (answer.next >= log.head()) return answer;
    }
    answer.more = true;
    return answer;
}

Result<void> remove_events(Draft& draft, const Log& log, const Retention& retention, Instant now, std::size_t limit) {
    const auto time_of = [](const Log::Entry& entry) {
        const auto event = wire::decode<wire::TaskEvent>(entry.value);
        return event ? event->time : Instant{};
    };
    const auto old = [&](const Log::Entry& entry) { return time_of(entry) < now - retention.max_age; };
    auto out = expired(log, retention.max_count, limit, old);
    if (!out) return tl::unexpected(out.error());
    // A stream must not lose its newest record: its head would be out of reach.
    if (!out->empty() && out->back().number == log.head()) out->pop_back();
    if (out->empty()) return {};
    auto removed = removed_events(draft);
    if (!removed) return tl::unexpected(removed.error());
    for (const Log::Entry& entry : *out) {
        removed->time = std::max(removed->time, time_of(entry));
        draft.forget(entry.key);
    }
    draft.put(std::string(kRemovedKey), std::to_string(out->back().number) + " " + std::to_string(removed->time.ns));
    return {};
}

}  // namespace drover::store
