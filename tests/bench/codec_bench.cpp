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

struct Fields {
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

struct AsMap : Fields {
    MSGPACK_DEFINE_MAP(job, alloc, task, n, incarnation, type, time, message, details)
};

struct AsArray : Fields {
    MSGPACK_DEFINE(job, alloc, task, n, incarnation, type, time, message, details)
};

TaskEvent make_event() {
    const Fields f;
    return {f.job, f.alloc, f.task, f.n, f.incarnation, f.type, Instant{f.time}, f.message, f.details};
}

void decode_drover(benchmark::State& state) {
    const std::string bytes = encode(make_event());
    for (auto _ : state) {
        auto event = decode<TaskEvent>(bytes);
        if (!event) state.SkipWithError("does not decode");
        benchmark::DoNotOptimize(event);
    }
}
BENCHMARK(decode_drover);

template <class T>
void decode_msgpack(benchmark::State& state) {
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, T{});
    for (auto _ : state) {
        const auto handle = msgpack::unpack(buffer.data(), buffer.size());
        benchmark::DoNotOptimize(handle.get().as<T>());
    }
}
BENCHMARK(decode_msgpack<AsMap>)->Name("decode_define_map");
BENCHMARK(decode_msgpack<AsArray>)->Name("decode_define");

void encode_drover(benchmark::State& state) {
    const TaskEvent event = make_event();
    for (auto _ : state) benchmark::DoNotOptimize(encode(event));
}
BENCHMARK(encode_drover);

template <class T>
void encode_msgpack(benchmark::State& state) {
    const T event{};
    for (auto _ : state) {
        msgpack::sbuffer buffer;
        msgpack::pack(buffer, event);
        benchmark::DoNotOptimize(buffer);
    }
}
BENCHMARK(encode_msgpack<AsMap>)->Name("encode_define_map");
BENCHMARK(encode_msgpack<AsArray>)->Name("encode_define");

}  // namespace
}  // namespace drover::wire
