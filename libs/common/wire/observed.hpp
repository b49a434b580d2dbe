// What is: a driver-manager's observations of its tasks and its node.
#pragma once

#include <optional>

#include "wire/job.hpp"

namespace drover::wire {

// How a process ended. Successful: code 0, signal 0, no oom, no error.
struct ExitRecord {
    std::int32_t code = 0;  // 128 + signal when signalled; -1 when the end was not seen (executor lost)
    std::int32_t signal = 0;
    bool oom = false;
    std::string error;

    bool successful() const { return code == 0 && signal == 0 && !oom && error.empty(); }

    static constexpr std::string_view kName = "ExitRecord";
    static constexpr auto fields() {
        return std::tuple(field("code", &ExitRecord::code), field("signal", &ExitRecord::signal),
                          field("oom", &ExitRecord::oom), field("error", &ExitRecord::error));
    }
    friend bool operator==(const ExitRecord&, const ExitRecord&) = default;
};

enum class RunPhase {
    starting,  // claimed, not yet known to run
    running,
    exited,         // ran and ended; `exit` says how
    start_failed,   // never ran; `error` says why, `recoverable` whether trying again may help
    never_started,  // stopped before it ran; never will
};
WIRE_ENUM(RunPhase, "starting", "running", "exited", "start_failed", "never_started");

// The steps of setting a task up, in their order.
enum class SetupKind { directory, payload, artifacts, templates };
WIRE_ENUM(SetupKind, "directory", "payload", "artifacts", "templates");

struct SetupStep {
    SetupKind kind = SetupKind::directory;
    Instant began_at;
    Duration took;      // once it is over
    bool over = false;  // well or badly
    std::string error;  // why it failed; the incarnation then is start_failed

    static constexpr std::string_view kName = "SetupStep";
    static constexpr auto fields() {
        return std::tuple(field("kind", &SetupStep::kind), field("began_at", &SetupStep::began_at),
                          field("took", &SetupStep::took), field("over", &SetupStep::over),
                          field("error", &SetupStep::error));
    }
    friend bool operator==(const SetupStep&, const SetupStep&) = default;
};

// The beginning or the end of a command that a user ran beside the task (session.hpp).
struct SessionNote {
    std::uint64_t number = 0;  // counts the notes of the incarnation, from 1
    std::string session;       // its id
    std::string by;
    std::string command;  // its words, cut when they are long
    Instant at;           // of the note
    bool over = false;    // it is the end, with what follows
    Duration took;
    std::int32_t code = 0;  // as SessionObserved::code
    std::string error;

    static constexpr std::string_view kName = "SessionNote";
    static constexpr auto fields() {
        return std::tuple(field("number", &SessionNote::number), field("session", &SessionNote::session),
                          field("by", &SessionNote::by), field("command", &SessionNote::command),
                          field("at", &SessionNote::at), field("over", &SessionNote::over),
                          field("took", &SessionNote::took), field("code", &SessionNote::code),
                          field("error", &SessionNote::error));
    }
    friend bool operator==(const SessionNote&, const SessionNote&) = default;
};

// What a driver said of a start of a task, for people.
struct DriverWord {
    std::uint64_t number = 0;  // counts those of this start from 1
    Instant at;
    std::string message;

    static constexpr std::string_view kName = "DriverWord";
    static constexpr auto fields() {
        return std::tuple(field("number", &DriverWord::number), field("at", &DriverWord::at),
                          field("message", &DriverWord::message));
    }
    friend bool operator==(const DriverWord&, const DriverWord&) = default;
};

struct IncarnationObserved {
    std::uint64_t seq = 0;
    std::string id;
    RunPhase phase = RunPhase::starting;
    std::int64_t pid = 0;
    Instant started_at;
    Instant finished_at;
    ExitRecord exit;
    std::string error;
    bool recoverable = false;
    std::uint64_t signals_applied = 0;         // highest SignalOrder id delivered
    std::string signal_error;                  // why the last signal could not be delivered
    std::vector<SetupStep> steps;              // those begun so far
    std::string waits;                         // what the setup waits for: "variable db/main"
    bool ready = false;                        // its ready probe has succeeded; without a probe: it runs
    bool pre_kill_done = false;                // its pre_kill script is over
    std::string pre_kill_error;                // how it failed
    std::string last_output;                   // the last lines of a process that failed
    std::string directory_gone;                // which of its directories has vanished while it runs; empty: none
    std::map<std::string, std::string> ports;  // label -> "10.0.0.5:23456"
    std::vector<std::string> devices;          // that it has to itself: "vendor/type/name/id"
    std::vector<SessionNote> sessions;         // the last 32 notes
    std::vector<DriverWord> driver_words;      // the newest few

    static constexpr std::string_view kName = "IncarnationObserved";
    static constexpr auto fields() {
        return std::tuple(
            field("seq", &IncarnationObserved::seq), field("id", &IncarnationObserved::id),
            field("phase", &IncarnationObserved::phase), field("pid", &IncarnationObserved::pid),
            field("started_at", &IncarnationObserved::started_at),
            field("finished_at", &IncarnationObserved::finished_at), field("exit", &IncarnationObserved::exit),
            field("error", &IncarnationObserved::error), field("recoverable", &IncarnationObserved::recoverable),
            field("signals_applied", &IncarnationObserved::signals_applied),
            field("signal_error", &IncarnationObserved::signal_error), field("steps", &IncarnationObserved::steps),
            field("waits", &IncarnationObserved::waits), field("ready", &IncarnationObserved::ready),
            field("pre_kill_done", &IncarnationObserved::pre_kill_done),
            field("pre_kill_error", &IncarnationObserved::pre_kill_error),
            field("last_output", &IncarnationObserved::last_output),
            field("directory_gone", &IncarnationObserved::directory_gone), field("ports", &IncarnationObserved::ports),
            field("devices", &IncarnationObserved::devices), field("sessions", &IncarnationObserved::sessions),
            field("driver_words", &IncarnationObserved::driver_words));
    }
    friend bool operator==(const IncarnationObserved&, const IncarnationObserved&) = default;
};

// The templates of a task, as far as they concern anybody else.
struct RenderObserved {
    std::uint64_t number = 0;  // counts the changes since the task began; what they do waits for TaskCommand::rendered
    ChangeMode mode = ChangeMode::noop;  // of the changes above TaskCommand::rendered, taken together
    std::string signal;                  // of mode signal
    Instant due_at;                      // when the splay is over
    std::string what;                    // "template local/app.conf"
    Instant stale_since;                 // set while a source cannot be asked
    std::string stale_why;
    OnStale on_stale = OnStale::keep;  // of the stale templates that are due by stale_due
    Instant stale_due;
    std::uint64_t act_failures = 0;  // counts the signals and scripts of changes that failed since the task began
    std::string act_error;           // of the latest of them

    static constexpr std::string_view kName = "RenderObserved";
    static constexpr auto fields() {
        return std::tuple(field("number", &RenderObserved::number), field("mode", &RenderObserved::mode),
                          field("signal", &RenderObserved::signal), field("due_at", &RenderObserved::due_at),
                          field("what", &RenderObserved::what), field("stale_since", &RenderObserved::stale_since),
                          field("stale_why", &RenderObserved::stale_why), field("on_stale", &RenderObserved::on_stale),
                          field("stale_due", &RenderObserved::stale_due),
                          field("act_failures", &RenderObserved::act_failures),
                          field("act_error", &RenderObserved::act_error));
    }
    friend bool operator==(const RenderObserved&, const RenderObserved&) = default;
};

// Stream "task/observed/<node>", key "<alloc>/<task>": every incarnation that is live or not yet released, by seq.
struct TaskObserved {
    std::string alloc;
    std::string task;
    std::uint64_t term = 0;   // the fence: highest term seen for the alloc
    std::uint64_t floor = 0;  // the tombstone: no incarnation up to this one will ever start
    std::vector<IncarnationObserved> incarnations;
    std::optional<RenderObserved> render;  // of a task with templates
    bool recalled = false;                 // what the node has to say of its alloc is in `placed`
    std::string placed;                    // the encoded AllocDesired; empty: it is not kept here

    static constexpr std::string_view kName = "TaskObserved";
    static constexpr auto fields() {
        return std::tuple(field("alloc", &TaskObserved::alloc), field("task", &TaskObserved::task),
                          field("term", &TaskObserved::term), field("floor", &TaskObserved::floor),
                          field("incarnations", &TaskObserved::incarnations), field("render", &TaskObserved::render),
                          field("recalled", &TaskObserved::recalled), binary("placed", &TaskObserved::placed));
    }
    friend bool operator==(const TaskObserved&, const TaskObserved&) = default;
};

struct DriverInfo {
    bool detected = false;
    bool healthy = false;
    std::string description;

    static constexpr std::string_view kName = "DriverInfo";
    static constexpr auto fields() {
        return std::tuple(field("detected", &DriverInfo::detected), field("healthy", &DriverInfo::healthy),
                          field("description", &DriverInfo::description));
    }
    friend bool operator==(const DriverInfo&, const DriverInfo&) = default;
};

struct Device {
    std::string id;  // unique within its group
    bool healthy = true;
    std::string description;  // why not
    std::string place;        // in the machine: the PCI address "0000:01:00.0"

    static constexpr std::string_view kName = "Device";
    static constexpr auto fields() {
        return std::tuple(field("id", &Device::id), field("healthy", &Device::healthy),
                          field("description", &Device::description), field("place", &Device::place));
    }
    friend bool operator==(const Device&, const Device&) = default;
};

// Devices that are alike. Vendor, type and name are without slashes.
struct DeviceGroup {
    std::string vendor;
    std::string type;
    std::string name;
    std::vector<Device> devices;
    std::map<std::string, std::string> attributes;

    static constexpr std::string_view kName = "DeviceGroup";
    static constexpr auto fields() {
        return std::tuple(field("vendor", &DeviceGroup::vendor), field("type", &DeviceGroup::type),
                          field("name", &DeviceGroup::name), field("devices", &DeviceGroup::devices),
                          field("attributes", &DeviceGroup::attributes));
    }
    friend bool operator==(const DeviceGroup&, const DeviceGroup&) = default;
};

// What one task holds of its node.
struct Share {
    double cpu = 0;                    // cores
    std::uint64_t memory = 0;          // bytes
    std::vector<std::string> devices;  // as IncarnationObserved::devices

    static constexpr std::string_view kName = "Share";
    static constexpr auto fields() {
        return std::tuple(field("cpu", &Share::cpu), field("memory", &Share::memory),
                          field("devices", &Share::devices));
    }
    friend bool operator==(const Share&, const Share&) = default;
};

// What an alloc holds of its node. A file of the driver-manager, so that it is known again whatever was killed.
struct Reservation {
    std::string alloc;
    std::map<std::string, Share> tasks;          // those that have not ended for good
    std::map<std::string, std::uint32_t> ports;  // by label; of all of them

    static constexpr std::string_view kName = "Reservation";
    static constexpr auto fields() {
        return std::tuple(field("alloc", &Reservation::alloc), field("tasks", &Reservation::tasks),
                          field("ports", &Reservation::ports));
    }
    friend bool operator==(const Reservation&, const Reservation&) = default;
};

// Stream "node", key "<id>", from the driver-manager.
struct NodeObserved {
    std::string id;
    std::string name;
    double cpu = 0;            // cores that tasks may have
    std::uint64_t memory = 0;  // bytes that tasks may have
    std::map<std::string, DriverInfo> drivers;
    std::map<std::string, std::string> attributes;
    std::vector<DeviceGroup> devices;

    static constexpr std::string_view kName = "NodeObserved";
    static constexpr auto fields() {
        return std::tuple(field("id", &NodeObserved::id), field("name", &NodeObserved::name),
                          field("cpu", &NodeObserved::cpu), field("memory", &NodeObserved::memory),
                          field("drivers", &NodeObserved::drivers), field("attributes", &NodeObserved::attributes),
                          field("devices", &NodeObserved::devices));
    }
    friend bool operator==(const NodeObserved&, const NodeObserved&) = default;
};

enum class NodeState { ready, down };
WIRE_ENUM(NodeState, "ready", "down");

// One line of a node's history.
struct NodeEvent {
    Instant at;
    std::string subsystem;  // "Driver"
    std::string message;
    std::map<std::string, std::string> details;

    static constexpr std::string_view kName = "NodeEvent";
    static constexpr auto fields() {
        return std::tuple(field("at", &NodeEvent::at), field("subsystem", &NodeEvent::subsystem),
                          field("message", &NodeEvent::message), field("details", &NodeEvent::details));
    }
    friend bool operator==(const NodeEvent&, const NodeEvent&) = default;
};

// Key "node/<id>" of the store's state stream.
struct NodeStatus {
    NodeObserved node;
    NodeState state = NodeState::ready;
    std::string why;  // of a state other than ready
    Instant since;
    std::vector<NodeEvent> events;  // the newest, oldest first

    static constexpr std::string_view kName = "NodeStatus";
    static constexpr auto fields() {
        return std::tuple(field("node", &NodeStatus::node), field("state", &NodeStatus::state),
                          field("why", &NodeStatus::why), field("since", &NodeStatus::since),
                          field("events", &NodeStatus::events));
    }
    friend bool operator==(const NodeStatus&, const NodeStatus&) = default;
};

}  // namespace drover::wire
