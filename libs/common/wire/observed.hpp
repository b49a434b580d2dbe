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
    std::uint64_t signals_applied = 0;  // highest SignalOrder id delivered
    std::string signal_error;           // why the last signal could not be delivered

    static constexpr std::string_view kName = "IncarnationObserved";
    static constexpr auto fields() {
        return std::tuple(field("seq", &IncarnationObserved::seq), field("id", &IncarnationObserved::id),
                          field("phase", &IncarnationObserved::phase), field("pid", &IncarnationObserved::pid),
                          field("started_at", &IncarnationObserved::started_at),
                          field("finished_at", &IncarnationObserved::finished_at),
                          field("exit", &IncarnationObserved::exit), field("error", &IncarnationObserved::error),
                          field("recoverable", &IncarnationObserved::recoverable),
                          field("signals_applied", &IncarnationObserved::signals_applied),
                          field("signal_error", &IncarnationObserved::signal_error));
    }
    friend bool operator==(const IncarnationObserved&, const IncarnationObserved&) = default;
};

// Stream "task/observed/<node>", key "<alloc>/<task>": every incarnation that is live or not yet released, by seq.
struct TaskObserved {
    std::string alloc;
    std::string task;
    std::uint64_t term = 0;   // the fence: highest term seen for the alloc
    std::uint64_t floor = 0;  // the tombstone: no incarnation up to this one will ever start
    std::vector<IncarnationObserved> incarnations;

    static constexpr std::string_view kName = "TaskObserved";
    static constexpr auto fields() {
        return std::tuple(field("alloc", &TaskObserved::alloc), field("task", &TaskObserved::task),
                          field("term", &TaskObserved::term), field("floor", &TaskObserved::floor),
                          field("incarnations", &TaskObserved::incarnations));
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

// Stream "node", key "<id>", from the driver-manager.
struct NodeObserved {
    std::string id;
    std::string name;
    double cpu = 0;            // cores
    std::uint64_t memory = 0;  // bytes
    std::map<std::string, DriverInfo> drivers;
    std::map<std::string, std::string> attributes;

    static constexpr std::string_view kName = "NodeObserved";
    static constexpr auto fields() {
        return std::tuple(field("id", &NodeObserved::id), field("name", &NodeObserved::name),
                          field("cpu", &NodeObserved::cpu), field("memory", &NodeObserved::memory),
                          field("drivers", &NodeObserved::drivers), field("attributes", &NodeObserved::attributes));
    }
    friend bool operator==(const NodeObserved&, const NodeObserved&) = default;
};

enum class NodeState { ready, down };
WIRE_ENUM(NodeState, "ready", "down");

// Key "node/<id>" of the store's state stream.
struct NodeStatus {
    NodeObserved node;
    NodeState state = NodeState::ready;
    std::string why;  // of a state other than ready
    Instant since;

    static constexpr std::string_view kName = "NodeStatus";
    static constexpr auto fields() {
        return std::tuple(field("node", &NodeStatus::node), field("state", &NodeStatus::state),
                          field("why", &NodeStatus::why), field("since", &NodeStatus::since));
    }
    friend bool operator==(const NodeStatus&, const NodeStatus&) = default;
};

}  // namespace drover::wire
