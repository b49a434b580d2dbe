// What Drover and an external driver say to each other; docs/drivers.md documents it for whoever writes one. A call is
// answered once, and on one connection one after the other.
#pragma once

#include "wire/job.hpp"
#include "wire/observed.hpp"

namespace drover::wire {

// The versions of this protocol that this Drover speaks. A later one may add verbs and fields, and nothing else.
inline constexpr std::uint32_t kDriverOldest = 1;
inline constexpr std::uint32_t kDriverNewest = 1;

enum class DriverVerb {
    handshake,    // first on every connection: versions, and who is there
    fingerprint,  // can tasks be run now?
    start,        // `task`; answered once it runs, or why it does not
    recover,      // `task`, which may run: not_found, or how it is
    wait,         // `id`; answered once the task has ended, and after `timeout` all the same
    stop,         // `id`; `signal` now, the whole of it killed after `timeout`
    signal,       // `id`
    stats,        // of all tasks that run
    events,       // those above `after`; answered once there is one, and after `timeout` all the same
    destroy,      // `id`, which has ended: nothing will be asked of it again
};
WIRE_ENUM(DriverVerb, "handshake", "fingerprint", "start", "recover", "wait", "stop", "signal", "stats", "events",
          "destroy");

struct DriverTask {
    std::string id;  // of this start: never seen before, and never again for another
    std::string alloc;
    std::string task;
    std::string job;
    Value::Map config;                       // the job's, references replaced
    std::map<std::string, std::string> env;  // the whole environment
    std::string user;                        // empty: the driver's choice
    Resources resources;
    std::string dir;          // the task's directory, with local/ and secrets/
    std::string notes;        // a directory where the driver keeps what it has to remember of this start
    std::string stdout_path;  // named pipes for its output, to be opened for reading and writing
    std::string stderr_path;

    static constexpr std::string_view kName = "DriverTask";
    static constexpr auto fields() {
        return std::tuple(field("id", &DriverTask::id), field("alloc", &DriverTask::alloc),
                          field("task", &DriverTask::task), field("job", &DriverTask::job),
                          field("config", &DriverTask::config), field("env", &DriverTask::env),
                          field("user", &DriverTask::user), field("resources", &DriverTask::resources),
                          field("dir", &DriverTask::dir), field("notes", &DriverTask::notes),
                          field("stdout", &DriverTask::stdout_path), field("stderr", &DriverTask::stderr_path));
    }
    friend bool operator==(const DriverTask&, const DriverTask&) = default;
};

struct DriverCall {
    std::uint64_t number = 0;  // repeated in the answer
    DriverVerb verb = DriverVerb::handshake;
    std::uint32_t oldest = kDriverOldest;  // versions that the caller speaks; of handshake
    std::uint32_t newest = kDriverNewest;
    std::optional<DriverTask> task;
    std::string id;
    std::string signal;  // "SIGTERM"
    Duration timeout;
    std::uint64_t after = 0;

    static constexpr std::string_view kName = "DriverCall";
    static constexpr auto fields() {
        return std::tuple(field("number", &DriverCall::number), field("verb", &DriverCall::verb),
                          field("oldest", &DriverCall::oldest), field("newest", &DriverCall::newest),
                          field("task", &DriverCall::task), field("id", &DriverCall::id),
                          field("signal", &DriverCall::signal), field("timeout", &DriverCall::timeout),
                          field("after", &DriverCall::after));
    }
    friend bool operator==(const DriverCall&, const DriverCall&) = default;
};

enum class DriverFailure {
    none,
    invalid,      // what is asked for can never be done: the config is wrong, say
    unavailable,  // it may be done when asked again
    not_found,    // there is no such task
    conflict,     // there is one already
    unsupported,  // not by this driver: the verb, or the version
};
WIRE_ENUM(DriverFailure, "none", "invalid", "unavailable", "not_found", "conflict", "unsupported");

struct DriverTaskState {
    bool running = false;  // otherwise it has ended
    std::int64_t pid = 0;  // of its first process on this node; 0: it has none
    Instant started_at;
    Instant finished_at;
    ExitRecord exit;

    static constexpr std::string_view kName = "DriverTaskState";
    static constexpr auto fields() {
        return std::tuple(field("running", &DriverTaskState::running), field("pid", &DriverTaskState::pid),
                          field("started_at", &DriverTaskState::started_at),
                          field("finished_at", &DriverTaskState::finished_at), field("exit", &DriverTaskState::exit));
    }
    friend bool operator==(const DriverTaskState&, const DriverTaskState&) = default;
};

struct DriverTaskUsage {
    std::string id;
    Duration cpu_time;
    std::uint64_t memory = 0;  // bytes
    std::uint32_t processes = 0;

    static constexpr std::string_view kName = "DriverTaskUsage";
    static constexpr auto fields() {
        return std::tuple(field("id", &DriverTaskUsage::id), field("cpu_time", &DriverTaskUsage::cpu_time),
                          field("memory", &DriverTaskUsage::memory), field("processes", &DriverTaskUsage::processes));
    }
    friend bool operator==(const DriverTaskUsage&, const DriverTaskUsage&) = default;
};

// Something that people may want to know of a task.
struct DriverEvent {
    std::uint64_t number = 0;  // counts the events of this process of the driver from 1
    std::string alloc;
    std::string task;
    std::string id;  // of the start
    Instant at;
    std::string message;

    static constexpr std::string_view kName = "DriverEvent";
    static constexpr auto fields() {
        return std::tuple(field("number", &DriverEvent::number), field("alloc", &DriverEvent::alloc),
                          field("task", &DriverEvent::task), field("id", &DriverEvent::id),
                          field("at", &DriverEvent::at), field("message", &DriverEvent::message));
    }
    friend bool operator==(const DriverEvent&, const DriverEvent&) = default;
};

struct DriverAnswer {
    std::uint64_t number = 0;
    DriverFailure failure = DriverFailure::none;
    std::string error;               // a sentence, of a failure
    std::uint32_t version = 0;       // handshake: the one to speak from now on
    std::string name;                // handshake: of the driver
    Value::Map samples;              // handshake: configs for `drover driver test`, by what they make a task do
    std::optional<DriverInfo> info;  // fingerprint
    std::map<std::string, std::string> attributes;  // fingerprint
    std::optional<DriverTaskState> state;           // start, recover, wait
    std::vector<DriverTaskUsage> usage;             // stats
    std::vector<DriverEvent> events;                // events: the oldest first, at most 64

    static constexpr std::string_view kName = "DriverAnswer";
    static constexpr auto fields() {
        return std::tuple(field("number", &DriverAnswer::number), field("failure", &DriverAnswer::failure),
                          field("error", &DriverAnswer::error), field("version", &DriverAnswer::version),
                          field("name", &DriverAnswer::name), field("samples", &DriverAnswer::samples),
                          field("info", &DriverAnswer::info), field("attributes", &DriverAnswer::attributes),
                          field("state", &DriverAnswer::state), field("usage", &DriverAnswer::usage),
                          field("events", &DriverAnswer::events));
    }
    friend bool operator==(const DriverAnswer&, const DriverAnswer&) = default;
};

}  // namespace drover::wire
