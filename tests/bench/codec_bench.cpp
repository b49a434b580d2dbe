// The codec against the two that msgpack-cxx generates: MSGPACK_DEFINE_MAP, which has the same bytes, and
// MSGPACK_DEFINE, which drops the names and therefore cannot be read without a schema.
#include <benchmark/benchmark.h>

#include <map>
#include <msgpack.hpp>
#include <string>

#include "wire/codec.hpp"
#include "wire/messages.hpp"

namespace drover::wire {
namespace {

struct EventFields {
    std::string job = "web";
    std::string alloc = "4f1c9a0de4b1c2d3";
    std::string task = "server";
    std::uint64_t n = 7;
    std::string incarnation = "9b1d2c3e4f5a6b7c";
    std::string type = "Terminated";
    std::int64_t time = 1'800'000'000'123'456'789;
    std::string message = "Exit Code: 130, Signal: 2";
    std::map<std::string, std::string> details{{"exit_code", "130"}, {"signal", "2"}};
};

struct AsMap : EventFields {
    MSGPACK_DEFINE_MAP(job, alloc, task, n, incarnation, type, time, message, details)
};

struct AsArray : EventFields {
    MSGPACK_DEFINE(job, alloc, task, n, incarnation, type, time, message, details)
};

TaskEvent make_event() {
    const EventFields f;
    return {f.job, f.alloc, f.task, f.n, f.incarnation, f.type, Instant{f.time}, f.message, f.details};
}

// A status: many fields, most of them numbers.
struct StatusFields {
    std::string name = "server", state = "running", why, phase = "running", incarnation = "9b1d2c3e4f5a6b7c";
    bool failed = false, killed = false, restarting = false;
    std::uint64_t restarts = 3, seq = 4, restart_order = 1, signal_order = 2, events = 17;
    std::int64_t last_restart = 1'800'000'000'123'456'789, started_at = 1'800'000'000'123'456'789, finished_at = 0,
                 pid = 4711, next_attempt = 0, window_start = 1'800'000'000'123'456'789;
    std::uint32_t attempts = 2;
};

struct StatusAsMap : StatusFields {
    MSGPACK_DEFINE_MAP(name, state, failed, restarts, last_restart, started_at, finished_at, pid, why, next_attempt,
                       phase, seq, incarnation, killed, restarting, attempts, window_start, restart_order, signal_order,
                       events)
};

struct StatusAsArray : StatusFields {
    MSGPACK_DEFINE(name, state, failed, restarts, last_restart, started_at, finished_at, pid, why, next_attempt, phase,
                   seq, incarnation, killed, restarting, attempts, window_start, restart_order, signal_order, events)
};

TaskStatus make_status() {
    const StatusFields f;
    TaskStatus status;
    status.name = f.name;
    status.state = TaskState::running;
    status.phase = TaskPhase::running;
    status.incarnation = f.incarnation;
    status.restarts = f.restarts;
    status.seq = f.seq;
    status.restart_order = f.restart_order;
    status.signal_order = f.signal_order;
    status.events = f.events;
    status.pid = f.pid;
    status.attempts = f.attempts;
    status.last_restart = status.started_at = status.window_start = Instant{f.started_at};
    return status;
}

template <class T>
void decode_drover(benchmark::State& state, const T& message) {
    const std::string bytes = encode(message);
    for (auto _ : state) {
        auto read = decode<T>(bytes);
        if (!read) state.SkipWithError("does not decode");
        benchmark::DoNotOptimize(read);
    }
}
BENCHMARK_CAPTURE(decode_drover, event, make_event());
BENCHMARK_CAPTURE(decode_drover, status, make_status());

template <class T>
void decode_msgpack(benchmark::State& state) {
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, T{});
    for (auto _ : state) {
        const auto handle = msgpack::unpack(buffer.data(), buffer.size());
        benchmark::DoNotOptimize(handle.get().as<T>());
    }
}
BENCHMARK(decode_msgpack<AsMap>)->Name("decode_define_map/event");
BENCHMARK(decode_msgpack<AsArray>)->Name("decode_define/event");
BENCHMARK(decode_msgpack<StatusAsMap>)->Name("decode_define_map/status");
BENCHMARK(decode_msgpack<StatusAsArray>)->Name("decode_define/status");

template <class T>
void encode_drover(benchmark::State& state, const T& message) {
    for (auto _ : state) benchmark::DoNotOptimize(encode(message));
}
BENCHMARK_CAPTURE(encode_drover, event, make_event());
BENCHMARK_CAPTURE(encode_drover, status, make_status());

template <class T>
void encode_msgpack(benchmark::State& state) {
    const T event{};
    for (auto _ : state) {
        msgpack::sbuffer buffer;
        msgpack::pack(buffer, event);
        benchmark::DoNotOptimize(buffer);
    }
}
BENCHMARK(encode_msgpack<AsMap>)->Name("encode_define_map/event");
BENCHMARK(encode_msgpack<AsArray>)->Name("encode_define/event");
BENCHMARK(encode_msgpack<StatusAsMap>)->Name("encode_define_map/status");
BENCHMARK(encode_msgpack<StatusAsArray>)->Name("encode_define/status");

}  // namespace
}  // namespace drover::wire
