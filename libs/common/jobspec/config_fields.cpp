#include "jobspec/config_fields.hpp"

#include "base/nearest.hpp"

namespace drover::jobspec {

namespace {

constexpr std::int64_t kLong = hours(24 * 366).ns;

const FieldDoc* find(const DriverDoc& driver, std::string_view name) {
    for (const FieldDoc& field : driver.fields) {
        if (field.name == name) return &field;
    }
    return nullptr;
}

void read_texts(Context& context, const std::string& path, const Node& node, wire::Value& to) {
    if (node.kind != Node::Kind::list)
        return context.complain(node.mark, path, "expected a list of text, as in [a, b]");
    const FieldDoc item{.name = {}, .type = "text", .fallback = {}, .doc = {}, .example = {}, .block = {}};
    wire::Value::List list;
    for (const Node& element : node.items) {
        std::string text;
        const std::string at = below(path, list.size());
        context.stood(at, element.mark);
        read(context, at, element, item, text);
        list.emplace_back().data = std::move(text);
    }
    to.data = std::move(list);
}

void read_typed(Context& context, const std::string& path, const Node& node, const FieldDoc& field, wire::Value& to) {
    if (field.type == "list of text") return read_texts(context, path, node, to);
    if (field.type == "true or false") {
        bool flag = false;
        read(context, path, node, field, flag);
        to.data = flag;
    } else if (field.type == "number") {
        std::uint32_t number = 0;
        read(context, path, node, field, number);
        to.data = static_cast<std::int64_t>(number);
    } else if (field.type == "duration") {
        Duration checked;
        read(context, path, node, field, checked);
        to.data = node.text;
    } else {
        std::string text;
        read(context, path, node, field, text);
        // What a reference stands for is known only on the node.
        const bool placed = text.starts_with("/") || text.starts_with("${");
        if (field.type == "absolute path" && node.kind == Node::Kind::scalar && !placed) {
            context.complain(node.mark, path, "\"" + text + "\" is no absolute path; it should begin with /");
        }
        to.data = std::move(text);
    }
}

void read_known(Context& context, const std::string& path, const Node& node, const DriverDoc& driver,
                wire::Value::Map& to);

void read_block(Context& context, const std::string& path, const Node& node, const std::vector<DriverDoc>& blocks,
                std::string_view name, wire::Value& to) {
    wire::Value::Map map;
    if (!is_map(context, path, node)) return;
    for (const DriverDoc& block : blocks)
        if (block.name == name) read_known(context, path, node, block, map);
    to.data = std::move(map);
}

void read_known(Context& context, const std::string& path, const Node& node, const DriverDoc& driver,
                wire::Value::Map& to) {
    std::vector<std::string_view> names;
    for (const FieldDoc& field : driver.fields) names.push_back(field.name);
    for (const Entry& entry : node.entries) {
        const std::string at = below(path, entry.key);
        const FieldDoc* field = find(driver, entry.key);
        if (field == nullptr) {
            context.complain(entry.mark, at, "the driver " + std::string(driver.name) + " has no such field",
                             nearest(entry.key, names));
            continue;
        }
        context.stood(at, entry.value.mark);
        if (field->type == "block") {
            read_block(context, at, entry.value, driver.blocks, field->block, to[entry.key]);
        } else {
            read_typed(context, at, entry.value, *field, to[entry.key]);
        }
    }
}

DriverDoc mock_doc() {
    return {
        "mock",
        "Runs nothing useful: it plays what its config says, failures above all. For trying out policies, and for "
        "tests, "
        "also your own. On a node with `mock_shutdown_periodic_after` the driver itself is unhealthy each time that "
        "this has passed, for `mock_shutdown_periodic_duration`.",
        {
            {"run_for", "duration", "0s", "How long the task runs before it ends by itself.", "run_for: 10s", "", 0,
             kLong},
            {"exit_code", "number", "0", "What it exits with.", "exit_code: 1", "", 0, 255},
            {"exit_signal", "number", "0", "The signal it ends by; 0 for none.", "exit_signal: 9", "", 0, 64},
            {"exit_err_msg", "text", "none",
             "A sentence told with its end, when that was not asked for; the end is a failure then.",
             "exit_err_msg: the disk has gone", ""},
            {"kill_after", "duration", "0s", "How long it goes on once it is asked to end; not beside `ignores_term`.",
             "kill_after: 3s", "", 0, kLong},
            {"ignores_term", "true or false", "false", "Whether it ignores being asked to end.", "ignores_term: true",
             ""},
            {"signal_error", "text", "none", "The error that every signal sent to it fails with.",
             "signal_error: it is deaf", ""},
            {"plugin_exit_after", "duration", "0s",
             "How long after its start the driver breaks, as if its process had died: it is unhealthy, and dispensed "
             "anew; tasks go on.",
             "plugin_exit_after: 1s", "", 0, kLong},
            {"start_error", "text", "none", "The error that its start fails with.", "start_error: no such image", ""},
            {"start_error_recoverable", "true or false", "false", "Whether that error is worth a restart.",
             "start_error_recoverable: true", ""},
            {"start_block_for", "duration", "0s", "How long its start takes; not beside `start_error`.",
             "start_block_for: 2s", "", 0, kLong},
            {"stdout_string", "text", "none", "What it writes to standard output.", "stdout_string: hello", ""},
            {"stdout_repeat", "number", "0", "How many more times it writes that.", "stdout_repeat: 3", "", 0,
             1'000'000'000},
            {"stdout_repeat_duration", "duration", "0s", "How long it waits in between.", "stdout_repeat_duration: 1s",
             "", 0, kLong},
            {"stderr_string", "text", "none", "What it writes to standard error.", "stderr_string: oh no", ""},
            {"stderr_repeat", "number", "0", "How many more times it writes that.", "stderr_repeat: 3", "", 0,
             1'000'000'000},
            {"stderr_repeat_duration", "duration", "0s", "How long it waits in between.", "stderr_repeat_duration: 1s",
             "", 0, kLong},
            {"crash", "true or false", "false", "Whether its shim dies instead of reporting an exit.", "crash: true",
             ""},
            {"exec_command", "block", "none",
             "What any command that is run beside it (`drover alloc exec`) plays; without it commands run as they are.",
             "", "exec_command"},
        },
        {{"exec_command",
          "What a command beside the task plays, whatever it is called: the same words as of the task itself.",
          {
              {"run_for", "duration", "0s", "How long it runs.", "run_for: 1s", "", 0, kLong},
              {"exit_code", "number", "0", "What it exits with.", "exit_code: 3", "", 0, 255},
              {"exit_signal", "number", "0", "The signal it ends by; 0 for none.", "exit_signal: 9", "", 0, 64},
              {"kill_after", "duration", "0s",
               "How long it goes on once it is asked to end; not beside `ignores_term`.", "kill_after: 3s", "", 0,
               kLong},
              {"ignores_term", "true or false", "false", "Whether it ignores being asked to end.", "ignores_term: true",
               ""},
              {"stdout_string", "text", "none", "What it writes to standard output.", "stdout_string: hello", ""},
              {"stdout_repeat", "number", "0", "How many more times it writes that.", "stdout_repeat: 3", "", 0,
               1'000'000'000},
              {"stdout_repeat_duration", "duration", "0s", "How long it waits in between.",
               "stdout_repeat_duration: 1s", "", 0, kLong},
              {"stderr_string", "text", "none", "What it writes to standard error.", "stderr_string: oh no", ""},
              {"stderr_repeat", "number", "0", "How many more times it writes that.", "stderr_repeat: 3", "", 0,
               1'000'000'000},
              {"stderr_repeat_duration", "duration", "0s", "How long it waits in between.",
               "stderr_repeat_duration: 1s", "", 0, kLong},
          }}}};
}

DriverDoc docker_doc() {
    return {
        "docker",
        "Runs a container of the node's Docker daemon. The alloc's directory, the task's `local` and its `secrets` "
        "are "
        "`/alloc`, `/local` and `/secrets` in it, and the environment names them so. It gets the task's `resources` "
        "as limits, `user` is one of the image, and without a `kill_signal` it is asked to end as its image says. "
        "`pre_kill` and `change_script` run in the container, with its user and directory; what they start is there.",
        {
            {"image", "text", "required", "The image: a name with a tag or a digest.", "image: redis:7", ""},
            {"auth", "block", "none",
             "Who asks the registry for the image; without it the credentials that the node has (`docker_auth_file`).",
             "", "auth"},
            {"command", "text", "the image's", "What runs in it.", "command: redis-server", ""},
            {"args", "list of text", "the image's", "The arguments, also without a `command`.",
             "args: [\"--port\", \"6400\"]", ""},
            {"entrypoint", "list of text", "the image's", "The program that gets `command` and `args`.",
             "entrypoint: [/bin/sh, -c]", ""},
            {"work_dir", "absolute path", "the image's", "The directory in the container to run it in.",
             "work_dir: /srv", ""},
            {"load", "text", "none",
             "An archive made by `docker save`, below the task's directory, that holds the image: nothing is pulled. "
             "Absolute where the node has `docker_volumes`.",
             "load: local/redis.tar", ""},
            {"force_pull", "true or false", "false",
             "Whether the image is fetched before each start, also when the node has one of that name.",
             "force_pull: true", ""},
            {"image_pull_timeout", "duration", "5m", "How long nothing may come while the image is fetched.",
             "image_pull_timeout: 10m", "", 0, kLong},
            {"volumes", "list of text", "none",
             "`source:target` or `source:target:ro`. A source is below the task's directory and there by then; an "
             "absolute one needs `docker_volumes` of the node.",
             "volumes: [\"local/data:/data\"]", ""},
            {"ports", "list of text", "none",
             "`[[address:]host port:]container port[/protocol]`: which ports of the node lead to it.",
             "ports: [\"8080:80\", \"127.0.0.1:5353:53/udp\"]", ""},
            {"network_mode", "text", "the daemon's", "`bridge`, `host`, `none` or a network that the daemon has.",
             "network_mode: none", ""},
            {"labels", "list of text", "none", "`name=value`, beside those that Drover finds it by.",
             "labels: [\"team=a\"]", ""},
            {"pids_limit", "number", "0", "How many processes and threads it may have; 0 for any.", "pids_limit: 100",
             "", 0, 4'000'000},
            {"privileged", "true or false", "false",
             "Whether it may do anything to the node; needs `docker_privileged` of the node.", "privileged: true", ""},
            {"init", "true or false", "false",
             "Whether a small init is its first process, which signals reach and which reaps children.", "init: true",
             ""},
            {"readonly_rootfs", "true or false", "false", "Whether only its volumes can be written.",
             "readonly_rootfs: true", ""},
        },
        {{"auth",
          "The image is fetched once the task's templates are rendered, so that one of them can make the password of a "
          "secret variable: as a file, or as a line of an `env` template that `password: ${NAME}` refers to. A "
          "password "
          "that is written into the job file is to be read by everybody who can read jobs.",
          {
              {"username", "text", "required", "Whom the registry knows.", "username: ci", ""},
              {"password", "text", "none", "With what; or `password_file`.", "password: \"${REGISTRY_PASSWORD}\"", ""},
              {"password_file", "text", "none", "A file below the task's directory that holds it.",
               "password_file: secrets/registry", ""},
              {"server_address", "text", "the image's", "Which registry.", "server_address: registry.example.org", ""},
          }}}};
}

}  // namespace

const std::vector<DriverDoc>& driver_docs() {
    static const std::vector<DriverDoc> drivers = {
        {"raw_exec",
         "Runs a program on the machine as it is, without isolation. `${NAME}` in `args` and in the task's `env` "
         "stands "
         "for a variable of the task's environment.",
         {
             {"command", "text", "required",
              "The program: an absolute path, or a name that is looked for in the task's directory and in PATH.",
              "command: /bin/sh", ""},
             {"args", "list of text", "empty", "Its arguments. No shell looks at them.", "args: [\"-c\", \"date\"]",
              ""},
             {"work_dir", "absolute path", "the task's directory", "The directory to run it in.", "work_dir: /srv", ""},
         }},
        {"exec",
         "Runs a program of the machine in an isolated place, through crun: with processes, mounts and host name of "
         "its "
         "own, as `nobody` unless the task has a `user`. Its `/` is the task's directory, where `/alloc`, `/local`, "
         "`/secrets` and `/tmp` can be written, with the machine's `/bin`, `/etc`, `/lib*`, `/sbin` and `/usr` to "
         "read. "
         "References as for raw_exec.",
         {
             {"command", "text", "required",
              "The program: an absolute path as the task sees it, or a name that is looked for in `/local`, in `/` and "
              "in "
              "PATH.",
              "command: python3", ""},
             {"args", "list of text", "empty", "Its arguments. No shell looks at them.", "args: [\"-c\", \"date\"]",
              ""},
             {"work_dir", "absolute path", "`/local`", "The directory to run it in, as the task sees it.",
              "work_dir: /alloc", ""},
             {"cap_add", "list of text", "empty",
              "Capabilities beyond the default ones, each of which the node has to allow; `all` of those.",
              "cap_add: [net_bind_service]", ""},
             {"cap_drop", "list of text", "empty", "Capabilities that it shall not have; `all` of them.",
              "cap_drop: [all]", ""},
             {"network", "host or none", "host",
              "`host`: the machine's network; `none`: one of its own that leads nowhere.", "network: none", ""},
             {"pids_limit", "number", "0", "How many processes and threads it may have at a time; 0 means unlimited.",
              "pids_limit: 100", "", 0, 4 << 20},
         }},
        docker_doc(),
        mock_doc(),
    };
    return drivers;
}

void read_config(Context& context, const std::string& path, const Node& node, const std::string& driver,
                 wire::Value::Map& to) {
    if (!is_map(context, path, node)) return;
    for (const DriverDoc& known : driver_docs()) {
        if (known.name == driver) return read_known(context, path, node, known, to);
    }
    for (const Entry& entry : node.entries) to[entry.key] = any_value(context, below(path, entry.key), entry.value);
}

void check_config(Context& context, const std::string& path, const wire::TaskSpec& task) {
    for (const DriverDoc& driver : driver_docs()) {
        if (driver.name != task.driver) continue;
        for (const FieldDoc& field : driver.fields) {
            if (!field.required() || task.config.contains(std::string(field.name))) continue;
            context.complain(below(path, field.name), "is required by the driver " + task.driver);
        }
    }
}

}  // namespace drover::jobspec
