// What should be: objects of the state-store's "state" stream and the alloc-runner's commands.
#pragma once

#include "wire/job.hpp"

namespace drover::wire {

// Key "job/<name>". Written by the store when a user submits or stops a job.
struct JobDesired {
    JobSpec spec;
    std::string uid;            // random, of the submit that made this version; seeds the alloc ids
    std::uint64_t version = 0;  // counts the submits that changed the spec or revived a stopped job
    bool stopped = false;
    bool purge = false;  // once it has ended, nothing of it is kept
    Instant submitted_at;
    // group -> indexes whose alloc ended, well or badly, and was removed: what they did is not done again. Kept as long
    // as the group stays as it is.
    std::map<std::string, std::vector<std::uint32_t>> completed;
    std::map<std::string, std::vector<std::uint32_t>> failed;
    bool no_shutdown_delay = false;  // stopped: its tasks skip their shutdown_delay

    static constexpr std::string_view kName = "JobDesired";
    static constexpr auto fields() {
        return std::tuple(field("spec", &JobDesired::spec), field("uid", &JobDesired::uid),
                          field("version", &JobDesired::version), field("stopped", &JobDesired::stopped),
                          field("purge", &JobDesired::purge), field("submitted_at", &JobDesired::submitted_at),
                          field("completed", &JobDesired::completed), field("failed", &JobDesired::failed),
                          field("no_shutdown_delay", &JobDesired::no_shutdown_delay));
    }
    friend bool operator==(const JobDesired&, const JobDesired&) = default;
};

enum class Desired { run, stop };
WIRE_ENUM(Desired, "run", "stop");

// Key "alloc/<id>". Decided by the alloc-runner's job core, runs only once the store has recorded it. The spec of its
// group is copied in, so that an alloc stays what it was placed as.
struct AllocDesired {
    std::string id;  // 16 hex digits
    std::string job;
    JobType type = JobType::service;
    std::uint64_t job_version = 0;
    std::uint32_t index = 0;  // 0..count-1 within the group
    std::string node;
    Desired desired = Desired::run;
    std::string reason;  // why it should stop
    GroupSpec group;
    std::map<std::string, std::string> meta;  // of the job
    std::string payload;                      // of the job, when a task takes it
    Instant created_at;
    std::uint64_t term = 0;          // of the alloc-runner that decided it
    bool no_shutdown_delay = false;  // stopped: its tasks skip their shutdown_delay

    static constexpr std::string_view kName = "AllocDesired";
    static constexpr auto fields() {
        return std::tuple(field("id", &AllocDesired::id), field("job", &AllocDesired::job),
                          field("type", &AllocDesired::type), field("job_version", &AllocDesired::job_version),
                          field("index", &AllocDesired::index), field("node", &AllocDesired::node),
                          field("desired", &AllocDesired::desired), field("reason", &AllocDesired::reason),
                          field("group", &AllocDesired::group), field("meta", &AllocDesired::meta),
                          binary("payload", &AllocDesired::payload), field("created_at", &AllocDesired::created_at),
                          field("term", &AllocDesired::term),
                          field("no_shutdown_delay", &AllocDesired::no_shutdown_delay));
    }
    friend bool operator==(const AllocDesired&, const AllocDesired&) = default;
};

// A signal to a running task. Ids grow by one per alloc; a task applies those above the last it applied, once.
struct SignalOrder {
    std::uint64_t id = 0;
    std::string task;
    std::string signal;  // "SIGHUP"

    static constexpr std::string_view kName = "SignalOrder";
    static constexpr auto fields() {
        return std::tuple(field("id", &SignalOrder::id), field("task", &SignalOrder::task),
                          field("signal", &SignalOrder::signal));
    }
    friend bool operator==(const SignalOrder&, const SignalOrder&) = default;
};

// Key "order/<alloc>". What users asked of one alloc, as state: a flag, counters per task, the last 16 signals.
struct AllocOrder {
    std::string alloc;
    bool stop = false;
    std::map<std::string, std::uint64_t> restarts;  // task -> how often a restart was asked for
    std::uint64_t restart_all = 0;  // how often one of the whole alloc was asked for, ended tasks included
    std::vector<SignalOrder> signals;
    bool no_shutdown_delay = false;  // of `stop`: without the shutdown_delay
    // task -> how often a restart without the shutdown_delay was asked for; counts beside the restarts
    std::map<std::string, std::uint64_t> hurries;

    static constexpr std::string_view kName = "AllocOrder";
    static constexpr auto fields() {
        return std::tuple(field("alloc", &AllocOrder::alloc), field("stop", &AllocOrder::stop),
                          field("restarts", &AllocOrder::restarts), field("restart_all", &AllocOrder::restart_all),
                          field("signals", &AllocOrder::signals),
                          field("no_shutdown_delay", &AllocOrder::no_shutdown_delay),
                          field("hurries", &AllocOrder::hurries));
    }
    friend bool operator==(const AllocOrder&, const AllocOrder&) = default;
};

enum class Verb { run, stop, destroy, recall };
WIRE_ENUM(Verb, "run", "stop", "destroy", "recall");

// Stream "task/command/<node>", key "<alloc>/<task>": the whole desire for one task, as state, repeated until observed.
//   run      incarnation `seq` should be live (or already have ended)
//   stop     no incarnation up to `seq` may be live: `kill_signal`, `kill_timeout` after first sight, then SIGKILL to
//            the whole tree; a seq that never started must never start
//   destroy  as stop, then forget the task and remove its directory
//   recall   say of which alloc the task is (TaskObserved::placed); nothing else changes, the desire neither
struct TaskCommand {
    std::string alloc;
    std::string task;
    std::string job;
    std::string group;
    std::uint32_t index = 0;
    std::uint64_t term = 0;  // of the owner; a lower one than the highest seen for the alloc is refused
    Verb verb = Verb::run;
    std::uint64_t seq = 0;       // number of the incarnation within the task, from 1, never reused
    std::string incarnation;     // its unique id
    std::uint64_t released = 0;  // incarnations up to this one are recorded by the store and may be forgotten
    TaskSpec spec;
    std::string kill_signal;
    Duration kill_timeout;
    std::vector<SignalOrder> signals;
    bool pre_kill = false;                    // incarnation `seq` will be stopped: run its pre_kill script, once
    std::uint64_t rendered = 0;               // changes of templates up to this number (TaskObserved) may act now
    std::map<std::string, std::string> meta;  // of job, group and task, the inner one first
    std::string payload;                      // of the job, when the task takes it
    bool keep_place = false;                  // of stop: it will run again, so what it has reserved stays so
    std::map<std::string, PortSpec> ports;    // of its alloc
    // Of every task of its alloc, of this one too: they are reserved together or not at all.
    std::map<std::string, Resources> alloc_resources;
    std::string placed;  // of run: the encoded AllocDesired, kept beside the task for a store that has lost it

    static constexpr std::string_view kName = "TaskCommand";
    static constexpr auto fields() {
        return std::tuple(
            field("alloc", &TaskCommand::alloc), field("task", &TaskCommand::task), field("job", &TaskCommand::job),
            field("group", &TaskCommand::group), field("index", &TaskCommand::index), field("term", &TaskCommand::term),
            field("verb", &TaskCommand::verb), field("seq", &TaskCommand::seq),
            field("incarnation", &TaskCommand::incarnation), field("released", &TaskCommand::released),
            field("spec", &TaskCommand::spec), field("kill_signal", &TaskCommand::kill_signal),
            field("kill_timeout", &TaskCommand::kill_timeout), field("signals", &TaskCommand::signals),
            field("pre_kill", &TaskCommand::pre_kill), field("rendered", &TaskCommand::rendered),
            field("meta", &TaskCommand::meta), binary("payload", &TaskCommand::payload),
            field("keep_place", &TaskCommand::keep_place), field("ports", &TaskCommand::ports),
            field("alloc_resources", &TaskCommand::alloc_resources), binary("placed", &TaskCommand::placed));
    }
    friend bool operator==(const TaskCommand&, const TaskCommand&) = default;
};

// Key "variable/<path>". Secret items are sealed by the gateway for the driver-managers' key: nobody in between can
// read them.
struct VariableItem {
    std::string value;   // of one that is no secret
    std::string sealed;  // any bytes; of a secret

    static constexpr std::string_view kName = "VariableItem";
    static constexpr auto fields() {
        return std::tuple(field("value", &VariableItem::value), binary("sealed", &VariableItem::sealed));
    }
    friend bool operator==(const VariableItem&, const VariableItem&) = default;
};

struct VariableDesired {
    std::string path;           // "db/main"
    std::uint64_t version = 0;  // grows by one with every put
    std::map<std::string, VariableItem> items;
    Instant changed_at;

    static constexpr std::string_view kName = "VariableDesired";
    static constexpr auto fields() {
        return std::tuple(field("path", &VariableDesired::path), field("version", &VariableDesired::version),
                          field("items", &VariableDesired::items), field("changed_at", &VariableDesired::changed_at));
    }
    friend bool operator==(const VariableDesired&, const VariableDesired&) = default;
};

// Key "nodeorder/<node>". What users asked of a node, as state.
struct NodeOrder {
    std::string node;
    bool eligible = true;  // may get new allocs
    bool drain = false;    // its allocs should go: services at once, batch jobs by the deadline
    Instant deadline;      // of the drain; kNever: none

    static constexpr std::string_view kName = "NodeOrder";
    static constexpr auto fields() {
        return std::tuple(field("node", &NodeOrder::node), field("eligible", &NodeOrder::eligible),
                          field("drain", &NodeOrder::drain), field("deadline", &NodeOrder::deadline));
    }
    friend bool operator==(const NodeOrder&, const NodeOrder&) = default;
};

struct Member {
    std::string id;
    std::string boot;

    static constexpr std::string_view kName = "Member";
    static constexpr auto fields() { return std::tuple(field("id", &Member::id), field("boot", &Member::boot)); }
    friend bool operator==(const Member&, const Member&) = default;
};

// Key "members": the alloc-runners with a live lease. `generation` grows with every change of the set and is the term
// of what they say.
struct Members {
    std::uint64_t generation = 0;
    std::vector<Member> alloc_runners;
    // Everything recorded since then is there. Of what is older the store may have lost a part with its database.
    Instant complete_since;

    static constexpr std::string_view kName = "Members";
    static constexpr auto fields() {
        return std::tuple(field("generation", &Members::generation), field("alloc_runners", &Members::alloc_runners),
                          field("complete_since", &Members::complete_since));
    }
    friend bool operator==(const Members&, const Members&) = default;
};

}  // namespace drover::wire
