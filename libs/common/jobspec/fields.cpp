#include "jobspec/fields.hpp"

#include "jobspec/config_fields.hpp"
#include "jobspec/rows.hpp"

namespace drover::jobspec {

namespace {

constexpr std::int64_t kKib = 1024;
constexpr std::int64_t kTib = kKib * kKib * kKib * kKib;

// The config block is read by the driver's own table.
void into_config(Context& context, const std::string& path, const Node& node, const FieldDoc&, wire::TaskSpec& task) {
    read_config(context, path, node, task.driver, task.config);
}

// A task's policy begins as its group's, so that it needs to say only what differs.
void into_group_restart(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
                        wire::GroupSpec& group) {
    read(context, path, node, field, group.restart);
    context.restart = group.restart;
}
void into_task_restart(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
                       wire::TaskSpec& task) {
    task.restart = context.restart;
    read(context, path, node, field, *task.restart);
}

void into_devices(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
                  wire::Resources& resources) {
    read_counts(context, path, node, field, resources.devices);
}

void into_payload_file(Context& context, const std::string& path, const Node& node, const FieldDoc&,
                       wire::TaskSpec& task) {
    DispatchPayload payload;
    read_block(context, path, node, payload);
    task.payload_file = payload.file;
}

template <class T>
Block block(std::string_view title, std::string_view doc) {
    Block out{title, doc, {}};
    out.fields.reserve(rows(static_cast<const T*>(nullptr)).size());
    for (const auto& row : rows(static_cast<const T*>(nullptr))) out.fields.push_back(row.doc);
    return out;
}

}  // namespace

const std::vector<Row<wire::JobSpec>>& rows(const wire::JobSpec*) {
    static const std::vector<Row<wire::JobSpec>> table = {
        {{"job", "name", "required", "The job's name, by which it is updated, shown and stopped.", "job: web", ""},
         INTO(JobSpec, name)},
        {{"type", "service or batch", "service",
          "A service runs until it is stopped: its tasks are started again also after a successful exit. A batch job "
          "runs to completion: a task that exits with 0 is done.",
          "type: batch", ""},
         INTO(JobSpec, type)},
        {{"meta", "map of text", "empty",
          "For people and for the tasks, which find it as NOMAD_META_<key> and `${meta.<key>}`; that of a group wins "
          "over "
          "the job's, that of a task over both.",
          "meta: { owner: team-a }", ""},
         INTO(JobSpec, meta)},
        {{"payload", "text", "empty",
          "Handed to the tasks that say where they want it: `dispatch_payload`. At most 16KiB.",
          "payload: '{\"shard\": 7}'", ""},
         INTO(JobSpec, payload)},
        {{"groups", "list of groups", "required", "What the job is made of; at least one.", "", "group"},
         INTO(JobSpec, groups)},
    };
    return table;
}

const std::vector<Row<wire::GroupSpec>>& rows(const wire::GroupSpec*) {
    static const std::vector<Row<wire::GroupSpec>> table = {
        {{"name", "name", "required", "Unique within the job.", "name: front", ""}, INTO(GroupSpec, name)},
        {{"count", "number", "1", "How many allocs of the group should exist; 0 keeps none.", "count: 2", "", 0, 1000},
         INTO(GroupSpec, count)},
        {{"restart", "restart", "by job type", "What happens when a task of the group ends by itself.", "", "restart"},
         into_group_restart},
        {{"max_run_duration", "duration", "0s",
          "How long an alloc may exist: then it is ended and counts as complete. 0 means for ever.",
          "max_run_duration: 12h", "", 0, hours(24 * 366).ns},
         INTO(GroupSpec, max_run_duration)},
        {{"max_parallel", "number", "1",
          "How many allocs of the group a change of their templates may restart at once. 0 means all.",
          "max_parallel: 2", "", 0, 1000},
         INTO(GroupSpec, max_parallel)},
        {{"meta", "map of text", "empty", "As that of the job.", "meta: { tier: front }", ""}, INTO(GroupSpec, meta)},
        {{"constraints", "map of text", "empty",
          "Which machines may run the group: attributes, as `drover node status -o json` shows them, or "
          "`node.unique.id` and `node.unique.name`, and the value that each has to have; `!` and a value that it must "
          "not have.",
          "constraints: { os.name: debian, kernel.arch: \"!aarch64\" }", ""},
         INTO(GroupSpec, constraints)},
        {{"ports", "map of [port](#port)", "none",
          "Ports of the machine that an alloc has to itself, by label. Its tasks find them as NOMAD_PORT_<label>, with "
          "the machine's address as NOMAD_ADDR_<label>. It waits until it can have all of them.",
          "ports: { http: { static: 8080 }, admin: {} }", ""},
         INTO(GroupSpec, ports)},
        {{"tasks", "list of tasks", "required", "Run together on one machine; at least one.", "", "task"},
         INTO(GroupSpec, tasks)},
    };
    return table;
}

const std::vector<Row<wire::PortSpec>>& rows(const wire::PortSpec*) {
    static const std::vector<Row<wire::PortSpec>> table = {
        {{"static", "number", "chosen by the machine", "The number.", "static: 8080", "", 1, 65535},
         INTO(PortSpec, number)},
    };
    return table;
}

const std::vector<Row<wire::RestartPolicy>>& rows(const wire::RestartPolicy*) {
    static const std::vector<Row<wire::RestartPolicy>> table = {
        {{"attempts", "number", "service 2, batch 3",
          "How many restarts one interval allows. 0 means none, and needs `mode: fail`.", "attempts: 3", "", 0, 10'000},
         INTO(RestartPolicy, attempts)},
        {{"interval", "duration", "service 30m, batch 24h",
          "The window in which restarts are counted. At least as long as `attempts` times `delay`.", "interval: 30m",
          "", seconds(5).ns, hours(24 * 366).ns},
         INTO(RestartPolicy, interval)},
        {{"delay", "duration", "15s", "How long to wait before a restart; up to a quarter of it is added at random.",
          "delay: 15s", "", 0, hours(24).ns},
         INTO(RestartPolicy, delay)},
        {{"mode", "fail or delay", "fail",
          "What happens when the attempts are used up: `fail` ends the task as failed, `delay` waits for the next "
          "interval.",
          "mode: fail", ""},
         INTO(RestartPolicy, mode)},
        {{"factor", "number", "1", "Each restart in a row waits this many times as long as the one before.",
          "factor: 2", "", 1, 100},
         INTO(RestartPolicy, factor)},
        {{"max_delay", "duration", "1h", "What `factor` makes of the delay at most.", "max_delay: 5m", "", 0,
          hours(24 * 7).ns},
         INTO(RestartPolicy, max_delay)},
        {{"reset_after", "duration", "10m", "A run that lasted this long ends the row: the next wait is `delay` again.",
          "reset_after: 1m", "", 0, hours(24 * 366).ns},
         INTO(RestartPolicy, reset_after)},
    };
    return table;
}

const std::vector<Row<wire::TaskSpec>>& rows(const wire::TaskSpec*) {
    static const std::vector<Row<wire::TaskSpec>> table = {
        {{"name", "name", "required", "Unique within the group.", "name: server", ""}, INTO(TaskSpec, name)},
        {{"driver", "text", "required", "What runs the task; see the drivers below.", "driver: raw_exec", ""},
         INTO(TaskSpec, driver)},
        {{"config", "map", "empty", "The driver's own fields; see the drivers below.",
          "config: { command: /usr/bin/python3, args: [\"-m\", \"http.server\", \"8080\"] }", ""},
         into_config},
        {{"env", "map of text", "empty",
          "Environment variables of the task. A number or a truth value is passed as it is written.",
          "env: { GREETING: hello, PORT: 8080 }", ""},
         INTO(TaskSpec, env)},
        {{"user", "text", "the driver's", "The user, by name or number, that the task runs as.", "user: nobody", ""},
         INTO(TaskSpec, user)},
        {{"kill_signal", "signal", "SIGINT", "How the task is asked to end.", "kill_signal: SIGTERM", ""},
         INTO(TaskSpec, kill_signal)},
        {{"kill_timeout", "duration", "5s",
          "How long the task may take to end after that signal, before all of its processes are killed.",
          "kill_timeout: 10s", "", 0, hours(24).ns},
         INTO(TaskSpec, kill_timeout)},
        {{"leader", "true or false", "false",
          "When the leader ends for good, the other tasks of its alloc are ended too. At most one a group.",
          "leader: true", ""},
         INTO(TaskSpec, leader)},
        {{"lifecycle", "lifecycle", "a main task", "When the task runs within the life of its alloc.", "", "lifecycle"},
         INTO(TaskSpec, lifecycle)},
        {{"depends_on", "map of condition", "empty",
          "Tasks of the group that this one waits for before it starts, each `started` (it runs, or has run), `ready` "
          "(and its ready probe has succeeded), `completed` (it has ended) or `completed_ok` (and has not failed). "
          "Stopping goes the other way round.",
          "depends_on: { db: ready }", ""},
         INTO(TaskSpec, depends_on)},
        {{"restart", "restart", "the group's", "Single fields of the group's policy that differ for this task.", "",
          "restart"},
         into_task_restart},
        {{"shutdown_delay", "duration", "0s",
          "How long a task that is to end goes on before it gets `kill_signal`, so that its clients can turn away. "
          "`--no-shutdown-delay` of a stop or a restart skips it.",
          "shutdown_delay: 5s", "", 0, hours(1).ns},
         INTO(TaskSpec, shutdown_delay)},
        {{"meta", "map of text", "empty", "As that of the job.", "meta: { port: web }", ""}, INTO(TaskSpec, meta)},
        {{"artifacts", "list of artifacts", "none",
          "Fetched before the task starts, a few at once, and not again when it restarts.", "", "artifact"},
         INTO(TaskSpec, artifacts)},
        {{"templates", "list of templates", "none",
          "Files rendered before the task starts, and when they change: see "
          "[variables.md](variables.md#templates).",
          "", "template"},
         INTO(TaskSpec, templates)},
        {{"dispatch_payload", "dispatch_payload", "none", "Where the task wants the job's payload.", "",
          "dispatch_payload"},
         into_payload_file},
        {{"ready", "ready", "as soon as it runs", "When the task counts as ready.", "", "ready"},
         INTO(TaskSpec, ready)},
        {{"pre_kill", "script", "none",
          "Run beside the task before it is stopped, whatever for, with the same user, environment and directory. Its "
          "output is discarded.",
          "", "script"},
         INTO(TaskSpec, pre_kill)},
        {{"resources", "resources", "unlimited", "What the task may use.", "", "resources"}, INTO(TaskSpec, resources)},
        {{"logs", "logs", "10 files of 10MiB", "How much of the task's output is kept.", "", "logs"},
         INTO(TaskSpec, logs)},
    };
    return table;
}

const std::vector<Row<wire::Lifecycle>>& rows(const wire::Lifecycle*) {
    static const std::vector<Row<wire::Lifecycle>> table = {
        {{"hook", "main, prestart, poststart or poststop", "required",
          "`prestart` runs before the main tasks start, `poststart` once they run, `poststop` once all others have "
          "ended.",
          "hook: poststart", ""},
         INTO(Lifecycle, hook)},
        {{"sidecar", "true or false", "false",
          "Of prestart and poststart: runs beside the main tasks and is ended after them, instead of having to end "
          "before the next stage.",
          "sidecar: true", ""},
         INTO(Lifecycle, sidecar)},
    };
    return table;
}

const std::vector<Row<wire::Resources>>& rows(const wire::Resources*) {
    static const std::vector<Row<wire::Resources>> table = {
        {{"cpu", "number", "0",
          "Cores, in parts if need be, which nobody else is promised. 0 means unlimited, and that none are promised.",
          "cpu: 0.5", "", 0, 4096},
         INTO(Resources, cpu)},
        {{"memory", "size", "0", "Likewise; at least 1MiB.", "memory: 64MiB", "", 0, 64 * kTib},
         INTO(Resources, memory)},
        {{"devices", "map of number", "none",
          "How many devices the task has to itself, by what `drover node status` calls them: a type, `vendor/type` or "
          "`vendor/type/name`.",
          "devices: { nvidia/gpu: 1 }", "", 1, 64},
         into_devices},
    };
    return table;
}

const std::vector<Row<wire::LogConfig>>& rows(const wire::LogConfig*) {
    static const std::vector<Row<wire::LogConfig>> table = {
        {{"max_files", "number", "10", "How many files are kept of each, standard output and standard error.",
          "max_files: 3", "", 1, 1000},
         INTO(LogConfig, max_files)},
        {{"max_file_size", "size", "10MiB", "When a file has this size, the next one is begun, at the end of a line.",
          "max_file_size: 1MiB", "", kKib, kTib},
         INTO(LogConfig, max_file_size)},
        {{"sinks", "list of file, none, syslog or journald", "[file]",
          "Where the output goes: into these files, nowhere, to the syslog daemon or to the journal of the node, a "
          "message a line; to several at once, but for `none`. Without `file` only the newest 2MiB are kept, as the "
          "buffer of the others. No sink ever holds the task up: one that is slow or away gets the lines later, as "
          "long as they are in the files, and what was removed before is counted and said to it.",
          "sinks: [file, journald]", ""},
         INTO(LogConfig, sinks)},
    };
    return table;
}

void set_defaults(Context& context, wire::GroupSpec& group) {
    if (context.type == wire::JobType::batch) {
        group.restart.attempts = 3;
        group.restart.interval = hours(24);
    }
    context.restart = group.restart;
}

const std::vector<Block>& blocks() {
    static const std::vector<Block> all = {
        block<wire::JobSpec>("job", "The document itself."),
        block<wire::GroupSpec>("group", "Tasks that run together on one machine. Each copy of a group is an alloc."),
        block<wire::PortSpec>(
            "port",
            "A port of the machine, for TCP and UDP; `{}` stands for one that the machine chooses. Its "
            "number is the same inside and outside of a task; to lead it to a container's own port "
            "80, the task's `config` has `ports: [\"${NOMAD_PORT_<label>}:80\"]`."),
        block<wire::RestartPolicy>(
            "restart",
            "Counts the tasks that end by themselves: for a service whatever their exit code, for "
            "a batch job those that fail. A task that could not be started counts too; a restart "
            "that somebody asked for does not."),
        block<wire::TaskSpec>("task", "One program and how it is run."),
        block<wire::Lifecycle>(
            "lifecycle",
            "A group needs at least one task without it. A prestart task that fails keeps the main tasks from "
            "starting; "
            "sidecars do not outlive the main tasks; poststop tasks run also when the alloc was stopped."),
        block<wire::Artifact>("artifact", "Text may refer to the task's environment, as in `${NOMAD_META_version}`."),
        block<DispatchPayload>("dispatch_payload", "The job's payload as a file of the task, mode 0777."),
        block<wire::ReadyProbe>("ready", "Looked at until it has succeeded once. Either `file` or `port`."),
        block<wire::Template>("template", "A text with `{{ actions }}`; exactly one of `data` and `source` is needed."),
        block<wire::Script>("script", "A program that is run beside a task."),
        block<wire::Resources>("resources",
                               "Promised by the machine, and enforced with control groups where it has them. An alloc "
                               "waits until there is room for all of its tasks."),
        block<wire::LogConfig>("logs", "Applies to standard output and standard error, each."),
    };
    return all;
}

void read_job(Context& context, const Node& root, wire::JobSpec& to) {
    context.stood("", root.mark);
    // Before the groups, whose defaults depend on it.
    if (const Node* type = root.find("type"); type != nullptr && type->text == "batch") {
        context.type = wire::JobType::batch;
    }
    read_block(context, "", root, to);
}

}  // namespace drover::jobspec
