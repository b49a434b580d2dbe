// What a user writes: a job, its groups, their tasks. docs/jobs.md documents every field.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/fields.hpp"
#include "wire/value.hpp"

namespace drover::wire {

enum class JobType { service, batch };
WIRE_ENUM(JobType, "service", "batch");

enum class RestartMode { fail, delay };
WIRE_ENUM(RestartMode, "fail", "delay");

// Nomad's defaults for service jobs; job parsing applies those of batch jobs (attempts 3, interval 24h). Beyond Nomad:
// the n-th restart in a row waits delay * factor^(n-1), at most max_delay; a run of at least reset_after ends the row.
struct RestartPolicy {
    std::uint32_t attempts = 2;
    Duration interval = minutes(30);
    Duration delay = seconds(15);
    RestartMode mode = RestartMode::fail;
    double factor = 1;
    Duration max_delay = hours(1);
    Duration reset_after = minutes(10);

    static constexpr std::string_view kName = "RestartPolicy";
    static constexpr auto fields() {
        return std::tuple(field("attempts", &RestartPolicy::attempts), field("interval", &RestartPolicy::interval),
                          field("delay", &RestartPolicy::delay), field("mode", &RestartPolicy::mode),
                          field("factor", &RestartPolicy::factor), field("max_delay", &RestartPolicy::max_delay),
                          field("reset_after", &RestartPolicy::reset_after));
    }
    friend bool operator==(const RestartPolicy&, const RestartPolicy&) = default;
};

// Of cpu and memory zero means unlimited, and that nothing of it is reserved.
struct Resources {
    double cpu = 0;                                  // cores
    std::uint64_t memory = 0;                        // bytes
    std::map<std::string, std::uint64_t> devices{};  // how many of a "type", "vendor/type" or "vendor/type/name"

    static constexpr std::string_view kName = "Resources";
    static constexpr auto fields() {
        return std::tuple(field("cpu", &Resources::cpu), field("memory", &Resources::memory),
                          field("devices", &Resources::devices));
    }
    friend bool operator==(const Resources&, const Resources&) = default;
};

// Where a task's output goes.
enum class LogSink { file, none, syslog, journald };
WIRE_ENUM(LogSink, "file", "none", "syslog", "journald");

struct LogConfig {
    std::uint32_t max_files = 10;
    std::uint64_t max_file_size = 10 << 20;  // bytes
    std::vector<LogSink> sinks{};            // empty: file; none stands alone

    static constexpr std::string_view kName = "LogConfig";
    static constexpr auto fields() {
        return std::tuple(field("max_files", &LogConfig::max_files), field("max_file_size", &LogConfig::max_file_size),
                          field("sinks", &LogConfig::sinks));
    }
    friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

// When a task runs within the life of its alloc; `main` is a task without a lifecycle block.
enum class Hook { main, prestart, poststart, poststop };
WIRE_ENUM(Hook, "main", "prestart", "poststart", "poststop");

struct Lifecycle {
    Hook hook = Hook::main;
    bool sidecar = false;  // of prestart and poststart: runs beside the main tasks

    static constexpr std::string_view kName = "Lifecycle";
    static constexpr auto fields() {
        return std::tuple(field("hook", &Lifecycle::hook), field("sidecar", &Lifecycle::sidecar));
    }
    friend bool operator==(const Lifecycle&, const Lifecycle&) = default;
};

// What a task waits for in another task of its group.
enum class Condition {
    started,       // its process runs, or has run
    ready,         // it runs and its ready probe has succeeded; without a probe as started
    completed,     // it has ended for good
    completed_ok,  // and has not failed
};
WIRE_ENUM(Condition, "started", "ready", "completed", "completed_ok");

// Asked every `interval` while the task runs, until it has succeeded once; exactly one of file, port and label is set.
struct ReadyProbe {
    std::string file;        // that exists: absolute, or below the task's directory
    std::uint32_t port = 0;  // that accepts TCP connections on 127.0.0.1
    Duration interval = milliseconds(200);
    std::string label{};  // of a port of the group, that does

    static constexpr std::string_view kName = "ReadyProbe";
    static constexpr auto fields() {
        return std::tuple(field("file", &ReadyProbe::file), field("port", &ReadyProbe::port),
                          field("interval", &ReadyProbe::interval), field("label", &ReadyProbe::label));
    }
    friend bool operator==(const ReadyProbe&, const ReadyProbe&) = default;
};

// A program that the driver-manager runs beside the task: same user, environment and directory.
struct Script {
    std::string command;
    std::vector<std::string> args;
    Duration timeout = seconds(5);  // then it is killed and counts as failed

    static constexpr std::string_view kName = "Script";
    static constexpr auto fields() {
        return std::tuple(field("command", &Script::command), field("args", &Script::args),
                          field("timeout", &Script::timeout));
    }
    friend bool operator==(const Script&, const Script&) = default;
};

enum class ArtifactMode { any, file, dir };
WIRE_ENUM(ArtifactMode, "any", "file", "dir");

// Something fetched before the task starts.
struct Artifact {
    std::string source;       // http(s)://, file:// or git::URL[?ref=...]
    std::string destination;  // below the task's directory; empty: local/
    std::string checksum;     // "sha256:<hex>" or "sha512:<hex>"; empty: not checked
    ArtifactMode mode =
        ArtifactMode::any;  // file: kept as it is; dir: has to be an archive; any: unpacked if it is one
    std::map<std::string, std::string> headers;  // of an HTTP request

    static constexpr std::string_view kName = "Artifact";
    static constexpr auto fields() {
        return std::tuple(field("source", &Artifact::source), field("destination", &Artifact::destination),
                          field("checksum", &Artifact::checksum), field("mode", &Artifact::mode),
                          field("headers", &Artifact::headers));
    }
    friend bool operator==(const Artifact&, const Artifact&) = default;
};

// What a template that rendered differently does to its running task; the later word wins when several did.
enum class ChangeMode { noop, script, signal, restart };
WIRE_ENUM(ChangeMode, "noop", "script", "signal", "restart");

enum class OnStale { keep, restart, stop };
WIRE_ENUM(OnStale, "keep", "restart", "stop");

// A file rendered from variables, files, the environment and facts of the node.
struct Template {
    std::string data;         // the text, or
    std::string source;       // a file that holds it: absolute, or below the task's directory
    std::string destination;  // below the task's directory
    std::uint32_t perms = 0644;
    bool env = false;  // its lines NAME=value become environment variables
    ChangeMode change_mode = ChangeMode::restart;
    std::string change_signal;
    std::optional<Script> change_script;
    Duration splay = seconds(5);  // a hash of the task spreads the change over this time
    OnStale on_stale = OnStale::keep;
    Duration stale_after = minutes(10);  // without its sources, before on_stale acts

    static constexpr std::string_view kName = "Template";
    static constexpr auto fields() {
        return std::tuple(field("data", &Template::data), field("source", &Template::source),
                          field("destination", &Template::destination), field("perms", &Template::perms),
                          field("env", &Template::env), field("change_mode", &Template::change_mode),
                          field("change_signal", &Template::change_signal),
                          field("change_script", &Template::change_script), field("splay", &Template::splay),
                          field("on_stale", &Template::on_stale), field("stale_after", &Template::stale_after));
    }
    friend bool operator==(const Template&, const Template&) = default;
};

struct TaskSpec {
    std::string name;
    std::string driver;
    Value::Map config;
    std::map<std::string, std::string> env;
    std::string user;  // empty: the driver's default
    Resources resources;
    std::string kill_signal;  // "SIGTERM"; empty: the driver's default, SIGINT
    Duration kill_timeout = seconds(5);
    bool leader = false;
    LogConfig logs;
    Lifecycle lifecycle;
    std::map<std::string, Condition> depends_on;  // by task of the group
    std::optional<ReadyProbe> ready;
    std::optional<RestartPolicy> restart;  // instead of the group's
    Duration shutdown_delay;               // between the end of pre_kill and the signal
    std::optional<Script> pre_kill;        // before a process of the task is stopped, whatever for
    std::vector<Artifact> artifacts;
    std::vector<Template> templates;
    std::string payload_file;  // below local/, gets the job's payload; empty: none
    std::map<std::string, std::string> meta;

    static constexpr std::string_view kName = "TaskSpec";
    static constexpr auto fields() {
        return std::tuple(field("name", &TaskSpec::name), field("driver", &TaskSpec::driver),
                          field("config", &TaskSpec::config), field("env", &TaskSpec::env),
                          field("user", &TaskSpec::user), field("resources", &TaskSpec::resources),
                          field("kill_signal", &TaskSpec::kill_signal), field("kill_timeout", &TaskSpec::kill_timeout),
                          field("leader", &TaskSpec::leader), field("logs", &TaskSpec::logs),
                          field("lifecycle", &TaskSpec::lifecycle), field("depends_on", &TaskSpec::depends_on),
                          field("ready", &TaskSpec::ready), field("restart", &TaskSpec::restart),
                          field("shutdown_delay", &TaskSpec::shutdown_delay), field("pre_kill", &TaskSpec::pre_kill),
                          field("artifacts", &TaskSpec::artifacts), field("templates", &TaskSpec::templates),
                          field("payload_file", &TaskSpec::payload_file), field("meta", &TaskSpec::meta));
    }
    friend bool operator==(const TaskSpec&, const TaskSpec&) = default;
};

// A port of the node that the tasks of an alloc share.
struct PortSpec {
    std::uint32_t number = 0;  // 0: the node chooses one

    static constexpr std::string_view kName = "PortSpec";
    static constexpr auto fields() { return std::tuple(field("static", &PortSpec::number)); }
    friend bool operator==(const PortSpec&, const PortSpec&) = default;
};

struct GroupSpec {
    std::string name;
    std::uint32_t count = 1;
    RestartPolicy restart;
    std::vector<TaskSpec> tasks;
    std::uint32_t max_parallel = 1;  // allocs that a change of a template may restart at once; 0: all
    Duration max_run_duration;       // after which an alloc is ended and counts as complete; 0: unlimited
    std::map<std::string, std::string> meta;
    // What a node has to be: attribute -> value, or "!" and the value that it must not have.
    std::map<std::string, std::string> constraints{};
    std::map<std::string, PortSpec> ports{};  // by label

    static constexpr std::string_view kName = "GroupSpec";
    static constexpr auto fields() {
        return std::tuple(field("name", &GroupSpec::name), field("count", &GroupSpec::count),
                          field("restart", &GroupSpec::restart), field("tasks", &GroupSpec::tasks),
                          field("max_parallel", &GroupSpec::max_parallel),
                          field("max_run_duration", &GroupSpec::max_run_duration), field("meta", &GroupSpec::meta),
                          field("constraints", &GroupSpec::constraints), field("ports", &GroupSpec::ports));
    }
    friend bool operator==(const GroupSpec&, const GroupSpec&) = default;
};

struct JobSpec {
    std::string name;
    JobType type = JobType::service;
    std::vector<GroupSpec> groups;
    std::map<std::string, std::string> meta;
    std::string payload;  // any bytes, for tasks that take a payload_file

    static constexpr std::string_view kName = "JobSpec";
    static constexpr auto fields() {
        return std::tuple(field("name", &JobSpec::name), field("type", &JobSpec::type),
                          field("groups", &JobSpec::groups), field("meta", &JobSpec::meta),
                          binary("payload", &JobSpec::payload));
    }
    friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

}  // namespace drover::wire
