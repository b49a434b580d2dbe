#include "jobspec/fields.hpp"

#include "base/nearest.hpp"
#include "jobspec/config_fields.hpp"

namespace drover::jobspec {

namespace {

constexpr std::int64_t kKib = 1024;
constexpr std::int64_t kTib = kKib * kKib * kKib * kKib;

template <class Owner>
struct Row {
    FieldDoc doc;
    void (*apply)(Context&, const std::string& path, const Node&, const FieldDoc&, Owner&);
};

using jobspec::read;

// Defined below, where the tables are known.
template <wire::Message T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, T& to);
template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::vector<T>& to);
template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::optional<T>& to);

template <class Owner, class Member, Member Owner::*member>
void into(Context& context, const std::string& path, const Node& node, const FieldDoc& field, Owner& owner) {
    read(context, path, node, field, owner.*member);
}

#define INTO(Owner, member) into<wire::Owner, decltype(wire::Owner::member), &wire::Owner::member>

// The config block is read by the driver's own table.
void into_config(Context& context, const std::string& path, const Node& node, const FieldDoc&, wire::TaskSpec& task) {
    read_config(context, path, node, task.driver, task.config);
}

// The driver and the alloc know a payload's file only; the block around it is there to be read by people.
struct DispatchPayload {
    std::string file;
};

void into_file(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
               DispatchPayload& payload) {
    read(context, path, node, field, payload.file);
}

void into_payload_file(Context& context, const std::string& path, const Node& node, const FieldDoc&,
                       wire::TaskSpec& task);

const std::vector<Row<DispatchPayload>>& rows(const DispatchPayload*) {
    static const std::vector<Row<DispatchPayload>> table = {
        {{"file", "text", "required", "The file's name, or a path, below the task's `local` directory.",
          "file: input.json", ""},
         into_file},
    };
    return table;
}

const std::vector<Row<wire::Artifact>>& rows(const wire::Artifact*) {
    static const std::vector<Row<wire::Artifact>> table = {
        {{"source", "text", "required",
          "`http://` or `https://`, `file:///PATH` of the machine, or `git::URL` with an optional `?ref=` (branch, tag "
          "or commit) for a repository. User and password may stand in the URL; they are never shown.",
          "source: https://example.com/tool.tar.gz", ""},
         INTO(Artifact, source)},
        {{"destination", "text", "local/",
          "A path below the task's directory: the directory that gets the file or what was unpacked; with `mode: file` "
          "the file itself, unless it ends in `/`.",
          "destination: local/tool", ""},
         INTO(Artifact, destination)},
        {{"checksum", "text", "not checked", "`sha256:` or `sha512:` and the digits of what has to arrive.",
          "checksum: \"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"", ""},
         INTO(Artifact, checksum)},
        {{"mode", "any or file or dir", "any",
          "`any`: unpacked if its name is that of an archive (.tar, .tar.gz, .tgz, .tar.xz, .txz, .tar.zst, .tzst, "
          ".zip); `file`: kept as it is; `dir`: has to be an archive, whatever its name.",
          "mode: dir", ""},
         INTO(Artifact, mode)},
        {{"headers", "map of text", "empty",
          "Sent with the request, to the source's own host only; their values are never shown.",
          "headers: { X-Token: \"${TOKEN}\" }", ""},
         INTO(Artifact, headers)},
    };
    return table;
}

const std::vector<Row<wire::Script>>& rows(const wire::Script*) {
    static const std::vector<Row<wire::Script>> table = {
        {{"command", "text", "required", "The program: an absolute path, or a name that is looked for as the task's.",
          "command: /bin/sh", ""},
         INTO(Script, command)},
        {{"args", "list of text", "empty", "Its arguments. No shell looks at them.",
          "args: [\"-c\", \"touch local/draining\"]", ""},
         INTO(Script, args)},
        {{"timeout", "duration", "5s", "Then it is killed, with all that it started, and counts as failed.",
          "timeout: 10s", "", milliseconds(1).ns, hours(24).ns},
         INTO(Script, timeout)},
    };
    return table;
}

const std::vector<Row<wire::ReadyProbe>>& rows(const wire::ReadyProbe*) {
    static const std::vector<Row<wire::ReadyProbe>> table = {
        {{"file", "text", "none", "Ready when this file exists: an absolute path, or one below the task's directory.",
          "file: local/ready", ""},
         INTO(ReadyProbe, file)},
        {{"port", "number", "none", "Ready when something accepts TCP connections on this port of 127.0.0.1.",
          "port: 8080", "", 1, 65535},
         INTO(ReadyProbe, port)},
        {{"interval", "duration", "200ms", "How often to look.", "interval: 1s", "", milliseconds(10).ns, hours(1).ns},
         INTO(ReadyProbe, interval)},
    };
    return table;
}

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
         INTO(GroupSpec, restart)},
        {{"meta", "map of text", "empty", "As that of the job.", "meta: { tier: front }", ""}, INTO(GroupSpec, meta)},
        {{"tasks", "list of tasks", "required", "Run together on one machine; at least one.", "", "task"},
         INTO(GroupSpec, tasks)},
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
        {{"meta", "map of text", "empty", "As that of the job.", "meta: { port: web }", ""}, INTO(TaskSpec, meta)},
        {{"artifacts", "list of artifacts", "none",
          "Fetched before the task starts, a few at once, and not again when it restarts.", "", "artifact"},
         INTO(TaskSpec, artifacts)},
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

const std::vector<Row<wire::Resources>>& rows(const wire::Resources*) {
    static const std::vector<Row<wire::Resources>> table = {
        {{"cpu", "number", "0", "Cores, in parts if need be. 0 means unlimited.", "cpu: 0.5", "", 0, 4096},
         INTO(Resources, cpu)},
        {{"memory", "size", "0", "At least 1MiB. 0 means unlimited.", "memory: 64MiB", "", 0, 64 * kTib},
         INTO(Resources, memory)},
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
    };
    return table;
}

template <class T>
Block block(std::string_view title, std::string_view doc) {
    Block out{title, doc, {}};
    out.fields.reserve(rows(static_cast<const T*>(nullptr)).size());
    for (const auto& row : rows(static_cast<const T*>(nullptr))) out.fields.push_back(row.doc);
    return out;
}

std::string with_article(std::string_view title) {
    if (title == "logs" || title == "resources" || title == "dispatch_payload" || title == "ready")
        return std::string(title);
    if (title == "artifact") return "an artifact";
    return title == "job" || title == "restart" ? "the " + std::string(title) : "a " + std::string(title);
}

void complain_unknown(Context& context, const std::string& path, const Entry& entry,
                      const std::vector<FieldDoc>& valid) {
    std::vector<std::string_view> names;
    for (const FieldDoc& field : valid) names.push_back(field.name);
    const std::string at = below(path, entry.key);
    std::string meant = nearest(entry.key, names);
    std::string message = "unknown field";
    if (meant.empty()) {
        std::string list;
        for (const std::string_view name : names) list += (list.empty() ? "" : ", ") + std::string(name);
        message += "; here may stand " + list;
        for (const Block& other : blocks()) {
            for (const FieldDoc& field : other.fields) {
                if (field.name == entry.key) message = "unknown field here; it is one of " + with_article(other.title);
            }
        }
    }
    context.complain(entry.mark, at, std::move(message), std::move(meant));
}

template <class T>
void read_block(Context& context, const std::string& path, const Node& node, T& to) {
    if (!is_map(context, path, node)) return;
    const auto& table = rows(static_cast<const T*>(nullptr));
    std::vector<FieldDoc> docs;
    docs.reserve(table.size());
    for (const auto& row : table) docs.push_back(row.doc);
    for (const Entry& entry : node.entries) {
        bool known = false;
        for (const FieldDoc& field : docs) known = known || field.name == entry.key;
        if (!known) complain_unknown(context, path, entry, docs);
    }
    for (const auto& row : table) {
        const std::string at = below(path, row.doc.name);
        if (const Node* value = node.find(row.doc.name)) {
            context.stood(at, value->mark);
            row.apply(context, at, *value, row.doc, to);
        } else if (row.doc.required()) {
            context.complain(node.mark, at, "is required");
        }
    }
}

void into_payload_file(Context& context, const std::string& path, const Node& node, const FieldDoc&,
                       wire::TaskSpec& task) {
    DispatchPayload payload;
    read_block(context, path, node, payload);
    task.payload_file = payload.file;
}

template <wire::Message T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc&, T& to) {
    read_block(context, path, node, to);
}

template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::optional<T>& to) {
    read(context, path, node, field, to.emplace());
}

void set_defaults(const Context& context, wire::GroupSpec& group) {
    if (context.type == wire::JobType::batch) group.restart = {3, hours(24), seconds(15), wire::RestartMode::fail};
}
template <class T>
void set_defaults(const Context&, T&) {}

template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::vector<T>& to) {
    if (node.kind != Node::Kind::list) {
        return context.complain(
            node.mark, path, "expected a " + std::string(field.type) + ", each beginning with - on a line of its own");
    }
    for (const Node& item : node.items) {
        const std::string at = below(path, to.size());
        context.stood(at, item.mark);
        T element;
        set_defaults(context, element);
        read_block(context, at, item, element);
        to.push_back(std::move(element));
    }
}

}  // namespace

const std::vector<Block>& blocks() {
    static const std::vector<Block> all = {
        block<wire::JobSpec>("job", "The document itself."),
        block<wire::GroupSpec>("group", "Tasks that run together on one machine. Each copy of a group is an alloc."),
        block<wire::RestartPolicy>(
            "restart",
            "Counts the tasks that end by themselves: for a service whatever their exit code, for "
            "a batch job those that fail. A task that could not be started counts too; a restart "
            "that somebody asked for does not."),
        block<wire::TaskSpec>("task", "One program and how it is run."),
        block<wire::Artifact>("artifact", "Text may refer to the task's environment, as in `${NOMAD_META_version}`."),
        block<DispatchPayload>("dispatch_payload", "The job's payload as a file of the task, mode 0777."),
        block<wire::ReadyProbe>("ready", "Looked at until it has succeeded once. Either `file` or `port`."),
        block<wire::Script>("script", "A program that is run beside a task."),
        block<wire::Resources>("resources", "Enforced with control groups where the machine has them."),
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
