// What the gateway asks of the store and of a driver-manager. A request is a statement like any other: an object in the
// gateway's stream that stays there until its answer has been seen, so neither can be lost.
#pragma once

#include <optional>

#include "wire/status.hpp"

namespace drover::wire {

enum class Ask { job_submit, job_stop, alloc_stop, alloc_restart, alloc_signal, events };
WIRE_ENUM(Ask, "job_submit", "job_stop", "alloc_stop", "alloc_restart", "alloc_signal", "events");

// Stream "request/<gateway>", key "<id>". Which fields count depends on `ask`:
//   job_submit     spec                          -> index: the job's version
//   job_stop       job
//   alloc_stop     alloc
//   alloc_restart  alloc, task ("" = all tasks)
//   alloc_signal   alloc, task ("" = all), signal
//   events         job, alloc, task (each "" = any), since, limit -> events with number > since, oldest first; next
struct Request {
    std::string id;
    Ask ask = Ask::events;
    std::optional<JobSpec> spec;
    std::string job;
    std::string alloc;
    std::string task;
    std::string signal;
    std::uint64_t since = 0;
    std::uint32_t limit = 100;

    static constexpr std::string_view kName = "Request";
    static constexpr auto fields() {
        return std::tuple(field("id", &Request::id), field("ask", &Request::ask), field("spec", &Request::spec),
                          field("job", &Request::job), field("alloc", &Request::alloc), field("task", &Request::task),
                          field("signal", &Request::signal), field("since", &Request::since),
                          field("limit", &Request::limit));
    }
    friend bool operator==(const Request&, const Request&) = default;
};

// A recorded event with its number in the store's event log (grows, with holes; resume from it).
struct RecordedEvent {
    std::uint64_t number = 0;
    TaskEvent event;

    static constexpr std::string_view kName = "RecordedEvent";
    static constexpr auto fields() {
        return std::tuple(field("number", &RecordedEvent::number), field("event", &RecordedEvent::event));
    }
    friend bool operator==(const RecordedEvent&, const RecordedEvent&) = default;
};

// Stream "answer/<gateway>", key "<id>" of the request. A change is answered after its commit and applied once however
// often the request is heard.
struct Answer {
    std::string id;
    bool ok = false;
    std::string error_kind;  // as drover::to_string(ErrorKind)
    std::string message;     // the sentence, when not ok
    std::uint64_t index = 0;
    std::vector<RecordedEvent> events;
    std::uint64_t next = 0;  // ask again with since = next; the log's head when nothing was left out
    bool more = false;       // the limit cut the list

    static constexpr std::string_view kName = "Answer";
    static constexpr auto fields() {
        return std::tuple(field("id", &Answer::id), field("ok", &Answer::ok), field("error_kind", &Answer::error_kind),
                          field("message", &Answer::message), field("index", &Answer::index),
                          field("events", &Answer::events), field("next", &Answer::next), field("more", &Answer::more));
    }
    friend bool operator==(const Answer&, const Answer&) = default;
};

// Stream "logread/<gateway>", key "<node>/<id>": bytes of a task's log from a driver-manager.
struct LogRead {
    std::string id;
    std::string node;
    std::string alloc;
    std::string task;
    std::string stream;       // "stdout" or "stderr"
    std::int64_t offset = 0;  // in the task's whole output since its first start; negative: from the end
    std::uint32_t limit = 16384;

    static constexpr std::string_view kName = "LogRead";
    static constexpr auto fields() {
        return std::tuple(field("id", &LogRead::id), field("node", &LogRead::node), field("alloc", &LogRead::alloc),
                          field("task", &LogRead::task), field("stream", &LogRead::stream),
                          field("offset", &LogRead::offset), field("limit", &LogRead::limit));
    }
    friend bool operator==(const LogRead&, const LogRead&) = default;
};

// Stream "logchunk/<gateway>", key "<id>". `offset` is where `data` begins (later than asked for when rotation removed
// the bytes before it), `end` where the output ends now.
struct LogChunk {
    std::string id;
    std::string error;
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    std::string data;

    static constexpr std::string_view kName = "LogChunk";
    static constexpr auto fields() {
        return std::tuple(field("id", &LogChunk::id), field("error", &LogChunk::error),
                          field("offset", &LogChunk::offset), field("end", &LogChunk::end),
                          binary("data", &LogChunk::data));
    }
    friend bool operator==(const LogChunk&, const LogChunk&) = default;
};

}  // namespace drover::wire
