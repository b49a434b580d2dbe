// What the gateway asks of the store and of a driver-manager. A request is a statement like any other: an object in the
// gateway's stream that stays there until its answer has been seen, so neither can be lost.
#pragma once

#include <optional>

#include "wire/audit.hpp"
#include "wire/desired.hpp"
#include "wire/status.hpp"

namespace drover::wire {

enum class Ask {
    job_submit,
    job_stop,
    alloc_stop,
    alloc_restart,
    alloc_signal,
    events,
    variable_put,
    variable_remove,
    node_order,
    collect,
    store_backup,
    store_check,
    audit,
};
WIRE_ENUM(Ask, "job_submit", "job_stop", "alloc_stop", "alloc_restart", "alloc_signal", "events", "variable_put",
          "variable_remove", "node_order", "collect", "store_backup", "store_check", "audit");

// Stream "request/<gateway>", key "<id>". Which fields count depends on `ask`:
//   job_submit     spec                          -> index: the job's version
//   job_stop       job, purge, no_shutdown_delay
//   alloc_stop     alloc, no_shutdown_delay
//   alloc_restart  alloc, task ("" = every running task), all (ended tasks too, from the beginning), no_shutdown_delay
//   alloc_signal   alloc, task ("" = all), signal
//   events         job, alloc, task (each "" = any), since, limit -> events with number > since, oldest first; next;
//                  removed. With `from` the first of that time or later and those behind it
//   variable_put     variable (version: the one it replaces, 0 = whatever there is) -> index: the new version
//   variable_remove  path
//   node_order       order, deadline (from now on; 0: none)
//   collect          dry_run -> collected
//   store_backup     path (a plain file name) -> store
//   store_check      -> store
//   audit            since, limit -> audit: records with number > since, oldest first; next; more
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
    bool purge = false;
    bool all = false;
    std::optional<VariableDesired> variable;
    std::string path;
    std::optional<NodeOrder> order;
    Duration deadline;
    bool dry_run = false;
    bool no_shutdown_delay = false;
    Instant from;
    std::string by;  // who asks, as the gateway knows it

    static constexpr std::string_view kName = "Request";
    static constexpr auto fields() {
        return std::tuple(field("id", &Request::id), field("ask", &Request::ask), field("spec", &Request::spec),
                          field("job", &Request::job), field("alloc", &Request::alloc), field("task", &Request::task),
                          field("signal", &Request::signal), field("since", &Request::since),
                          field("limit", &Request::limit), field("purge", &Request::purge), field("all", &Request::all),
                          field("variable", &Request::variable), field("path", &Request::path),
                          field("order", &Request::order), field("deadline", &Request::deadline),
                          field("dry_run", &Request::dry_run), field("no_shutdown_delay", &Request::no_shutdown_delay),
                          field("from", &Request::from), field("by", &Request::by));
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

// What is kept of an alloc that was removed.
struct CollectedAlloc {
    std::string id;
    std::string job;
    std::string group;
    std::uint32_t index = 0;
    std::string node;
    std::uint64_t job_version = 0;
    std::string spec_hash;  // of its group
    ClientStatus status = ClientStatus::complete;
    std::string description;
    std::string reason;             // why it was removed
    std::vector<TaskStatus> tasks;  // with the last output of those that failed
    Instant created_at;
    Instant ended_at;
    Instant collected_at;

    static constexpr std::string_view kName = "CollectedAlloc";
    static constexpr auto fields() {
        return std::tuple(field("id", &CollectedAlloc::id), field("job", &CollectedAlloc::job),
                          field("group", &CollectedAlloc::group), field("index", &CollectedAlloc::index),
                          field("node", &CollectedAlloc::node), field("job_version", &CollectedAlloc::job_version),
                          field("spec_hash", &CollectedAlloc::spec_hash), field("status", &CollectedAlloc::status),
                          field("description", &CollectedAlloc::description), field("reason", &CollectedAlloc::reason),
                          field("tasks", &CollectedAlloc::tasks), field("created_at", &CollectedAlloc::created_at),
                          field("ended_at", &CollectedAlloc::ended_at),
                          field("collected_at", &CollectedAlloc::collected_at));
    }
    friend bool operator==(const CollectedAlloc&, const CollectedAlloc&) = default;
};

// What a database was found to hold.
struct StoreReport {
    std::string file;  // on the store's machine
    std::uint64_t bytes = 0;
    std::uint64_t format = 0;
    std::uint64_t revision = 0;  // of the newest change
    std::uint64_t objects = 0;   // jobs, allocs, statuses and so on
    std::uint64_t events = 0;

    static constexpr std::string_view kName = "StoreReport";
    static constexpr auto fields() {
        return std::tuple(field("file", &StoreReport::file), field("bytes", &StoreReport::bytes),
                          field("format", &StoreReport::format), field("revision", &StoreReport::revision),
                          field("objects", &StoreReport::objects), field("events", &StoreReport::events));
    }
    friend bool operator==(const StoreReport&, const StoreReport&) = default;
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
    std::vector<CollectedAlloc> collected;
    // Events up to this number, of times up to `removed_at`, were removed and some of them were asked for; 0: none was.
    std::uint64_t removed = 0;
    Instant removed_at;
    std::optional<StoreReport> store;
    std::optional<AuditPage> audit;

    static constexpr std::string_view kName = "Answer";
    static constexpr auto fields() {
        return std::tuple(field("id", &Answer::id), field("ok", &Answer::ok), field("error_kind", &Answer::error_kind),
                          field("message", &Answer::message), field("index", &Answer::index),
                          field("events", &Answer::events), field("next", &Answer::next), field("more", &Answer::more),
                          field("collected", &Answer::collected), field("removed", &Answer::removed),
                          field("removed_at", &Answer::removed_at), field("store", &Answer::store),
                          field("audit", &Answer::audit));
    }
    friend bool operator==(const Answer&, const Answer&) = default;
};

}  // namespace drover::wire
