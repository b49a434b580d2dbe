#include "state-store/core/events.hpp"

#include <algorithm>
#include <array>

#include "state-store/core/expiry.hpp"
#include "state-store/core/keys.hpp"

namespace drover::store {

namespace {

// How much of the log one answer may look at when a filter leaves little of it.
constexpr std::size_t kChunk = 500;
constexpr std::size_t kMaxChunks = 20;

struct Filter {
    std::string prefix{kEventPrefix};
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
        (filter.prefix += part) += '/';
    }
    return filter;
}

// Adds what the limits admit; false when something had to stay behind.
Result<bool> add(wire::Answer& answer, std::size_t& bytes, const Log::Entry& entry, std::size_t limit) {
    if (answer.events.size() == limit) return false;
    if (!answer.events.empty() && bytes + entry.value.size() > kMaxAnswerBytes) return false;
    auto event = wire::decode<wire::TaskEvent>(entry.value);
    if (!event) return tl::unexpected(event.error());
    bytes += entry.value.size();
    answer.events.push_back({entry.number, std::move(*event)});
    return true;
}

}  // namespace

Result<wire::Answer> answer_events(const View& view, const Log& log, const wire::Request& request) {
    const auto filter = filter_of(view, request);
    if (!filter) return tl::unexpected(filter.error());
    const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, kMaxEventsPerAnswer);
    wire::Answer answer;
    answer.id = request.id;
    answer.ok = true;
    answer.next = request.since;
    std::size_t bytes = 0;
    for (std::size_t chunk = 0; chunk < kMaxChunks; ++chunk) {
        const auto entries = log.after(filter->prefix, answer.next, kChunk);
        if (!entries) return tl::unexpected(entries.error());
        for (const Log::Entry& entry : *entries) {
            if (filter->admits(entry.key)) {
                const auto added = add(answer, bytes, entry, limit);
                if (!added) return tl::unexpected(added.error());
                if (!*added) {
                    answer.more = true;
                    return answer;
                }
            }
            answer.next = entry.number;
        }
        if (entries->size() < kChunk) {
            answer.next = log.head();  // also for who asked above it, which is how one asks where the log ends
            return answer;
        }
    }
    answer.more = true;
    return answer;
}

Result<std::vector<std::string>> expired_events(const Log& log, const Retention& retention, Instant now,
                                                std::size_t limit) {
    const auto old = [&](const Log::Entry& entry) {
        const auto event = wire::decode<wire::TaskEvent>(entry.value);
        return !event || event->time < now - retention.max_age;
    };
    auto out = expired(log, kEventPrefix, retention.max_count, limit, old);
    // A stream must not lose its newest record: its head would be out of reach.
    if (out && !out->empty() && out->back().number == log.head()) out->pop_back();
    if (!out) return tl::unexpected(out.error());
    return keys_of(*out);
}

}  // namespace drover::store
