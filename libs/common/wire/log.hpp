// What is read of tasks' output, and what is said of it to whoever listens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/fields.hpp"

namespace drover::wire {

// Stream "logread/<gateway>", key "<node>/<id>": bytes of a task's log from a driver-manager.
struct LogRead {
    std::string id;
    std::string node;
    std::string alloc;
    std::string task;
    std::string stream;       // "stdout" or "stderr"
    std::int64_t offset = 0;  // in the task's whole output since its first start; negative: from the end
    std::uint32_t limit = 16384;
    Instant since{};     // nothing that was surely written before; 0: whatever there is
    bool marks = false;  // say when it was written

    static constexpr std::string_view kName = "LogRead";
    static constexpr auto fields() {
        return std::tuple(field("id", &LogRead::id), field("node", &LogRead::node), field("alloc", &LogRead::alloc),
                          field("task", &LogRead::task), field("stream", &LogRead::stream),
                          field("offset", &LogRead::offset), field("limit", &LogRead::limit),
                          field("since", &LogRead::since), field("marks", &LogRead::marks));
    }
    friend bool operator==(const LogRead&, const LogRead&) = default;
};

// What follows `offset`, up to the next mark, was written at `at`.
struct LogMark {
    std::uint64_t offset = 0;
    Instant at;

    static constexpr std::string_view kName = "LogMark";
    static constexpr auto fields() { return std::tuple(field("offset", &LogMark::offset), field("at", &LogMark::at)); }
    friend bool operator==(const LogMark&, const LogMark&) = default;
};

// Stream "logchunk/<gateway>", key "<id>". `offset` is where `data` begins (later than asked for when rotation removed
// the bytes before it), `end` where the output ends now.
struct LogChunk {
    std::string id;
    std::string error;
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    std::string data;
    std::vector<LogMark> marks{};  // of `data`; the first may lie before it. Empty where no times were kept
    Instant now{};                 // when it was read, by the clock of the marks

    static constexpr std::string_view kName = "LogChunk";
    static constexpr auto fields() {
        return std::tuple(field("id", &LogChunk::id), field("error", &LogChunk::error),
                          field("offset", &LogChunk::offset), field("end", &LogChunk::end),
                          binary("data", &LogChunk::data), field("marks", &LogChunk::marks),
                          field("now", &LogChunk::now));
    }
    friend bool operator==(const LogChunk&, const LogChunk&) = default;
};

// Samples "task/log", key "<job>/<alloc>/<task>/<stream>": a task's output as it comes, while somebody listens. What a
// listener missed shows in the offsets: a piece begins where the one before it ended.
struct TaskOutput {
    std::string job;
    std::string alloc;
    std::string task;
    std::string node;
    std::string stream;
    std::uint64_t offset = 0;  // in the task's whole output
    Instant at;                // when its first byte was written; 0: not known
    std::string data;

    static constexpr std::string_view kName = "TaskOutput";
    static constexpr auto fields() {
        return std::tuple(field("job", &TaskOutput::job), field("alloc", &TaskOutput::alloc),
                          field("task", &TaskOutput::task), field("node", &TaskOutput::node),
                          field("stream", &TaskOutput::stream), field("offset", &TaskOutput::offset),
                          field("at", &TaskOutput::at), binary("data", &TaskOutput::data));
    }
    friend bool operator==(const TaskOutput&, const TaskOutput&) = default;
};

}  // namespace drover::wire
