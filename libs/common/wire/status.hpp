// What the alloc-runner concluded: task, alloc statuses and the event history.
#pragma once

#include "wire/observed.hpp"

namespace drover::wire {

enum class TaskState { pending, running, dead };
WIRE_ENUM(TaskState, "pending", "running", "dead");

// The states of the task core; TaskState is what users see of them.
enum class TaskPhase { pending, starting, running, stopping, backoff, dead };
WIRE_ENUM(TaskPhase, "pending", "starting", "running", "stopping", "backoff", "dead");

// What a process that should end still has before it.
enum class StopStage { none, pre_kill, delay, signal };
WIRE_ENUM(StopStage, "none", "pre_kill", "delay", "signal");

// The whole memory of one task core: a restarted alloc-runner continues from it.
struct TaskStatus {
    std::string name;
    TaskState state = TaskState::pending;
    bool failed = false;
    std::uint64_t restarts = 0;
    Instant last_restart;
    Instant started_at;   // of the latest start
    Instant finished_at;  // set while dead
    std::int64_t pid = 0;
    std::optional<ExitRecord> exit;  // of the latest process that ended
    std::string why;                 // what a task that does not run waits for
    Instant next_attempt;            // set during a restart delay

    TaskPhase phase = TaskPhase::pending;
    std::uint64_t seq = 0;  // the latest incarnation
    std::string incarnation;
    bool killed = false;         // asked to end for good
    bool restarting = false;     // asked to end once, by a user
    std::uint32_t attempts = 0;  // failures counted in the window
    Instant window_start;
    std::uint64_t restart_order = 0;  // AllocOrder::restarts applied
    std::uint64_t signal_order = 0;   // SignalOrder ids passed on
    std::uint64_t events = 0;         // number of the latest event
    bool ready = false;               // the running process has said so
    std::uint32_t setup_told = 0;     // what of the setup has had its event, as a set of bits
    StopStage stop_stage = StopStage::none;
    Instant stop_at;                           // when shutdown_delay is over
    std::uint32_t failures_in_row = 0;         // for the back-off
    std::uint64_t restart_all_order = 0;       // AllocOrder::restart_all applied, or too late
    std::uint64_t rendered = 0;                // RenderObserved::number acted upon
    Instant stale_since;                       // set while a template is stale
    Instant stale_done;                        // the stale_since that was acted upon last
    std::string last_output;                   // the last lines of the latest process that failed
    std::uint64_t hurry_order = 0;             // AllocOrder::hurries applied
    bool hurried = false;                      // its latest incarnation ends without the shutdown_delay
    std::uint64_t act_failures = 0;            // RenderObserved::act_failures told
    std::map<std::string, std::string> ports;  // of the latest incarnation, as IncarnationObserved has them
    std::vector<std::string> devices;          // likewise
    std::uint64_t session_notes = 0;           // SessionNote::number told of the latest incarnation
    std::uint64_t driver_words = 0;            // the highest DriverWord::number of its latest incarnation told

    static constexpr std::string_view kName = "TaskStatus";
    static constexpr auto fields() {
        return std::tuple(
            field("name", &TaskStatus::name), field("state", &TaskStatus::state), field("failed", &TaskStatus::failed),
            field("restarts", &TaskStatus::restarts), field("last_restart", &TaskStatus::last_restart),
            field("started_at", &TaskStatus::started_at), field("finished_at", &TaskStatus::finished_at),
            field("pid", &TaskStatus::pid), field("exit", &TaskStatus::exit), field("why", &TaskStatus::why),
            field("next_attempt", &TaskStatus::next_attempt), field("phase", &TaskStatus::phase),
            field("seq", &TaskStatus::seq), field("incarnation", &TaskStatus::incarnation),
            field("killed", &TaskStatus::killed), field("restarting", &TaskStatus::restarting),
            field("attempts", &TaskStatus::attempts), field("window_start", &TaskStatus::window_start),
            field("restart_order", &TaskStatus::restart_order), field("signal_order", &TaskStatus::signal_order),
            field("events", &TaskStatus::events), field("ready", &TaskStatus::ready),
            field("setup_told", &TaskStatus::setup_told), field("stop_stage", &TaskStatus::stop_stage),
            field("stop_at", &TaskStatus::stop_at), field("failures_in_row", &TaskStatus::failures_in_row),
            field("restart_all_order", &TaskStatus::restart_all_order), field("rendered", &TaskStatus::rendered),
            field("stale_since", &TaskStatus::stale_since), field("stale_done", &TaskStatus::stale_done),
            field("last_output", &TaskStatus::last_output), field("hurry_order", &TaskStatus::hurry_order),
            field("hurried", &TaskStatus::hurried), field("act_failures", &TaskStatus::act_failures),
            field("ports", &TaskStatus::ports), field("devices", &TaskStatus::devices),
            field("session_notes", &TaskStatus::session_notes), field("driver_words", &TaskStatus::driver_words));
    }
    friend bool operator==(const TaskStatus&, const TaskStatus&) = default;
};

enum class ClientStatus { pending, running, complete, failed, lost };
WIRE_ENUM(ClientStatus, "pending", "running", "complete", "failed", "lost");

// Key "status/<alloc>" of the store's state stream.
struct AllocStatus {
    std::string id;
    std::string job;
    std::string group;
    std::uint32_t index = 0;
    std::string node;
    std::uint64_t job_version = 0;
    std::uint64_t term = 0;
    std::uint64_t version = 0;  // counts the changes; (term, version) orders statuses
    ClientStatus status = ClientStatus::pending;
    std::string description;
    std::vector<TaskStatus> tasks;
    Instant updated_at;
    bool expired = false;  // it ran for max_run_duration

    static constexpr std::string_view kName = "AllocStatus";
    static constexpr auto fields() {
        return std::tuple(field("id", &AllocStatus::id), field("job", &AllocStatus::job),
                          field("group", &AllocStatus::group), field("index", &AllocStatus::index),
                          field("node", &AllocStatus::node), field("job_version", &AllocStatus::job_version),
                          field("term", &AllocStatus::term), field("version", &AllocStatus::version),
                          field("status", &AllocStatus::status), field("description", &AllocStatus::description),
                          field("tasks", &AllocStatus::tasks), field("updated_at", &AllocStatus::updated_at),
                          field("expired", &AllocStatus::expired));
    }
    friend bool operator==(const AllocStatus&, const AllocStatus&) = default;
};

// One line of a task's history. Stream "task/event", key "<job>/<alloc>/<task>". Types are Nomad's words ("Started",
// "Task Setup"). `n` counts from 1 per (alloc, task) without holes: it is the event's identity.
struct TaskEvent {
    std::string job;
    std::string alloc;
    std::string task;
    std::uint64_t n = 0;
    std::string incarnation;
    std::string type;
    Instant time;
    std::string message;
    std::map<std::string, std::string> details;

    static constexpr std::string_view kName = "TaskEvent";
    static constexpr auto fields() {
        return std::tuple(field("job", &TaskEvent::job), field("alloc", &TaskEvent::alloc),
                          field("task", &TaskEvent::task), field("n", &TaskEvent::n),
                          field("incarnation", &TaskEvent::incarnation), field("type", &TaskEvent::type),
                          field("time", &TaskEvent::time), field("message", &TaskEvent::message),
                          field("details", &TaskEvent::details));
    }
    friend bool operator==(const TaskEvent&, const TaskEvent&) = default;
};

// Stream "report/<alloc-runner>", key "report/<alloc>": everything about one alloc that the store has not yet
// confirmed, said as one object (the same stream carries proposed AllocDesired at "alloc/<id>"). The store applies it
// in one transaction: events above the highest `n` it has per task, the status if its (term, version) is higher.
// Confirmed when the store publishes AllocRecorded. More than 32 unconfirmed events travel in turns, the oldest first,
// and the status only with the last of them.
struct AllocReport {
    std::string alloc;
    std::uint64_t term = 0;
    std::vector<TaskEvent> events;
    std::optional<AllocStatus> status;

    static constexpr std::string_view kName = "AllocReport";
    static constexpr auto fields() {
        return std::tuple(field("alloc", &AllocReport::alloc), field("term", &AllocReport::term),
                          field("events", &AllocReport::events), field("status", &AllocReport::status));
    }
    friend bool operator==(const AllocReport&, const AllocReport&) = default;
};

// Key "recorded/<alloc>" of the store's state stream: what the store has of an alloc's reports, the highest event
// number per task and the (term, version) of the status.
struct AllocRecorded {
    std::string alloc;
    std::uint64_t term = 0;
    std::uint64_t version = 0;
    std::map<std::string, std::uint64_t> events;

    static constexpr std::string_view kName = "AllocRecorded";
    static constexpr auto fields() {
        return std::tuple(field("alloc", &AllocRecorded::alloc), field("term", &AllocRecorded::term),
                          field("version", &AllocRecorded::version), field("events", &AllocRecorded::events));
    }
    friend bool operator==(const AllocRecorded&, const AllocRecorded&) = default;
};

}  // namespace drover::wire
