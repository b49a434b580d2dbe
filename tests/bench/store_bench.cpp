// How long a commit takes beside a log of 100,000 events, alone and behind one page of a reader: a store has one
// thread, so what a reader may hold up is one page. A page is asked for wherever the last one ended.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "state-store/core/events.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/engine/sqlite_open.hpp"

namespace drover::store {
namespace {

class Recorded : public View {
   public:
    explicit Recorded(const Engine& engine) : engine_(engine) {}
    Result<std::optional<std::string>> get(std::string_view key) const override {
        const auto entry = engine_.get(key).value();
        if (!entry) return std::nullopt;
        return entry->value;
    }

   private:
    const Engine& engine_;
};

class EventLog : public Log {
   public:
    explicit EventLog(const Engine& engine) : engine_(engine) {}
    Result<Slice> after(std::string_view prefix, std::uint64_t number, std::size_t limit) const override {
        auto slice = engine_.after(kEventSpace, prefix, number, limit).value();
        Slice out{{}, slice.through};
        for (store::Entry& one : slice.entries)
            out.entries.push_back({one.revision, std::move(one.key), std::move(one.value)});
        return out;
    }
    std::uint64_t head() const override { return engine_.head(kEventSpace); }
    std::uint64_t size() const override { return engine_.count(kEventSpace); }

   private:
    const Engine& engine_;
};

constexpr std::uint64_t kEvents = 100'000;
constexpr Instant kNow{1'790'000'000'000'000'000};

wire::TaskEvent event_of(std::uint64_t n) {
    wire::TaskEvent event;
    event.job = n % 2 == 0 ? "big" : "job-" + std::to_string(n % 1000);
    event.alloc = to_hex(n % 5000);
    event.task = "server";
    event.n = n;
    event.type = "Terminated";
    event.message = "Exit Code: 130, Signal: 2";
    event.time = kNow;
    return event;
}

Change put_event(std::uint64_t n) {
    const wire::TaskEvent event = event_of(n);
    return {ChangeKind::put, kEventSpace, event_key(event.job, event.alloc, event.task, n), wire::encode(event)};
}

struct Database {
    Database() : directory("/tmp/drover-bench-" + random_hex(8)) {
        std::filesystem::create_directory(directory);
        engine = open_sqlite(directory + "/state.db", kNow).value().engine;
        for (std::uint64_t n = 0; n < kEvents; n += 1000) {
            Batch batch;
            for (std::uint64_t i = 0; i < 1000; ++i) batch.push_back(put_event(n + i));
            CHECK(engine->commit(batch));
        }
    }
    ~Database() { std::filesystem::remove_all(directory); }

    std::string directory;
    std::unique_ptr<Engine> engine;
    std::uint64_t next = kEvents;
};

Database& database() {
    static Database one;
    return one;
}

// As a round of the store: what is due of the log's limits, then one commit.
void commit_one(Database& db, const View& view, const Log& log) {
    Batch batch{put_event(db.next++)};
    Draft draft(view);
    CHECK(remove_events(draft, log, {.max_count = kEvents}, kNow, 100));
    for (const Write& write : draft.writes()) {
        const ChangeKind kind = write.value ? ChangeKind::put : ChangeKind::forget;
        batch.push_back({kind, space_of(write.key), write.key, write.value.value_or("")});
    }
    CHECK(db.engine->commit(batch));
}

void commits_behind(benchmark::State& state, const std::function<void(wire::Request&)>& question) {
    Database& db = database();
    const Recorded view(*db.engine);
    const EventLog log(*db.engine);
    wire::Request request;
    std::vector<double> times;
    std::uint64_t told = 0;
    for (auto _ : state) {
        const auto begin = std::chrono::steady_clock::now();
        if (question) {
            question(request);
            const wire::Answer page = answer_events(view, log, request).value();
            told += page.events.size();
            request.since = page.more ? page.next : 0;
        }
        commit_one(db, view, log);
        times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(times.begin(), times.end());
    state.counters["p50_ms"] = times[times.size() / 2];
    state.counters["p99_ms"] = times[times.size() * 99 / 100];
    state.counters["max_ms"] = times.back();
    state.counters["events"] = static_cast<double>(told);
}

void register_all() {
    const std::pair<const char*, std::function<void(wire::Request&)>> cases[] = {
        {"alone", nullptr},
        {"all events", [](wire::Request&) {}},
        {"a job of 50,000", [](wire::Request& request) { request.job = "big"; }},
        {"a job of 100", [](wire::Request& request) { request.job = "job-7"; }},
        {"a task of every job", [](wire::Request& request) { request.task = "nowhere"; }},
    };
    for (const auto& [name, question] : cases) {
        const auto ask = question;
        benchmark::RegisterBenchmark((std::string("commit/") + name).c_str(),
                                     [ask](benchmark::State& state) { commits_behind(state, ask); })
            ->Iterations(1000)
            ->Unit(benchmark::kMillisecond);
    }
}

[[maybe_unused]] const bool kRegistered = (register_all(), true);

}  // namespace
}  // namespace drover::store
