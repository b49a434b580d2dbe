// A record for tests: what a store would have on disk, and the log of each space.
#pragma once

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "base/time.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

inline constexpr Instant kNow{seconds(1'000'000).ns};

class TestRecord : public View {
   public:
    Result<std::optional<std::string>> get(std::string_view key) const override {
        const auto it = values.find(key);
        if (it == values.end()) return std::nullopt;
        return it->second.value;
    }

    // Returns what was written, as "key key ...", but for what goes with every change: tallies and the audit.
    std::string commit(const Draft& draft) {
        std::string out;
        for (const Write& write : draft.writes()) {
            const bool beside = write.key.starts_with(tally_key("")) || space_of(write.key) == kAuditSpace ||
                                write.key == kAuditHeadKey;
            if (!beside) out += write.key + " ";
            values.erase(write.key);
            if (write.value) values[write.key] = {++head, *write.value};
        }
        return out;
    }

    template <class T>
    void put(const std::string& key, const T& value) {
        values[key] = {++head, wire::encode(value)};
    }

    template <class T>
    T get(const std::string& key) const {
        auto value = load<T>(*this, key);
        CHECK(value && *value);
        return **value;
    }

    struct Value {
        std::uint64_t revision;
        std::string value;
    };
    std::map<std::string, Value, std::less<>> values;
    std::uint64_t head = 0;
};

class TestLog : public Log {
   public:
    TestLog(const TestRecord& record, std::uint32_t space) : record_(record), space_(space) {}

    Result<Slice> after(std::string_view prefix, std::uint64_t number, std::size_t limit) const override {
        std::map<std::uint64_t, Entry> found;
        for (const auto& [key, value] : record_.values) {
            if (space_of(key) != space_ || !key.starts_with(prefix) || value.revision <= number) continue;
            found[value.revision] = {value.revision, key, value.value};
        }
        Slice out{{}, head()};
        for (const auto& [revision, entry] : found) {
            if (out.entries.size() == limit) break;
            out.entries.push_back(entry);
        }
        if (out.entries.size() == limit) out.through = out.entries.back().number;
        return out;
    }
    std::uint64_t head() const override {
        std::uint64_t head = 0;
        for (const auto& [key, value] : record_.values) {
            if (space_of(key) == space_) head = std::max(head, value.revision);
        }
        return head;
    }
    std::uint64_t size() const override {
        std::uint64_t size = 0;
        for (const auto& [key, value] : record_.values) size += space_of(key) == space_ ? 1 : 0;
        return size;
    }

   private:
    const TestRecord& record_;
    std::uint32_t space_;
};

inline wire::JobSpec test_job(const std::string& name, std::vector<std::string> tasks = {"server", "sidecar"}) {
    wire::JobSpec spec;
    spec.name = name;
    spec.groups.resize(1);
    spec.groups[0].name = "front";
    for (const std::string& task : tasks) {
        spec.groups[0].tasks.emplace_back();
        spec.groups[0].tasks.back().name = task;
        spec.groups[0].tasks.back().driver = "mock";
    }
    return spec;
}

inline wire::AllocDesired test_alloc(const std::string& id, const std::string& job, std::uint64_t term) {
    wire::AllocDesired alloc;
    alloc.id = id;
    alloc.job = job;
    alloc.job_version = 1;
    alloc.node = "node-1";
    alloc.group = test_job(job).groups[0];
    alloc.term = term;
    return alloc;
}

inline wire::TaskEvent test_event(const std::string& job, const std::string& alloc, const std::string& task,
                                  std::uint64_t n) {
    wire::TaskEvent event;
    event.job = job;
    event.alloc = alloc;
    event.task = task;
    event.n = n;
    event.type = "Started";
    event.time = Instant{seconds(1'000'000 + static_cast<std::int64_t>(n)).ns};
    return event;
}

}  // namespace drover::store
