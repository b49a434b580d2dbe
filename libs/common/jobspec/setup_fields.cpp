#include "jobspec/rows.hpp"

namespace drover::jobspec {
namespace {

void into_file(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
               DispatchPayload& payload) {
    read(context, path, node, field, payload.file);
}

// A number, or the label of a port of the group.
void into_port(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
               wire::ReadyProbe& probe) {
    const bool label = node.kind == Node::Kind::scalar && node.text.find_first_not_of("0123456789+-.") == 0;
    if (label) {
        probe.label = node.text;
    } else {
        read(context, path, node, field, probe.port);
    }
}

void into_perms(Context& context, const std::string& path, const Node& node, const FieldDoc&, wire::Template& to) {
    read_mode(context, path, node, to.perms);
}

}  // namespace

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

const std::vector<Row<wire::Template>>& rows(const wire::Template*) {
    static const std::vector<Row<wire::Template>> table = {
        {{"data", "text", "none", "The text; either this or `source`.", "data: 'port = {{ env \"PORT\" }}'", ""},
         INTO(Template, data)},
        {{"source", "text", "none",
          "The file that holds the text: absolute, or below the task's directory, where an "
          "artifact may have put it.",
          "source: local/app.tmpl", ""},
         INTO(Template, source)},
        {{"destination", "text", "required", "The file to write, below the task's directory.",
          "destination: local/app.conf", ""},
         INTO(Template, destination)},
        {{"perms", "text", "0644", "The file's permissions, octal. It belongs to the task's user.", "perms: \"0600\"",
          ""},
         into_perms},
        {{"env", "true or false", "false", "Whether its lines `NAME=value` become environment variables of the task.",
          "env: true", ""},
         INTO(Template, env)},
        {{"change_mode", "noop or script or signal or restart", "restart",
          "What a different text does to the running task.", "change_mode: script", ""},
         INTO(Template, change_mode)},
        {{"change_signal", "signal", "none", "Of `change_mode: signal`.", "change_signal: SIGHUP", ""},
         INTO(Template, change_signal)},
        {{"change_script", "script", "none", "Of `change_mode: script`.", "", "script"}, INTO(Template, change_script)},
        {{"splay", "duration", "5s", "Each alloc waits for its own part of this before the change acts.", "splay: 30s",
          "", 0, hours(24).ns},
         INTO(Template, splay)},
        {{"on_stale", "keep or restart or stop", "keep",
          "What is done to the running task when its sources have been away for `stale_after`.", "on_stale: stop", ""},
         INTO(Template, on_stale)},
        {{"stale_after", "duration", "10m", "See `on_stale`.", "stale_after: 1h", "", seconds(1).ns,
          hours(24 * 366).ns},
         INTO(Template, stale_after)},
    };
    return table;
}

const std::vector<Row<wire::ReadyProbe>>& rows(const wire::ReadyProbe*) {
    static const std::vector<Row<wire::ReadyProbe>> table = {
        {{"file", "text", "none", "Ready when this file exists: an absolute path, or one below the task's directory.",
          "file: local/ready", ""},
         INTO(ReadyProbe, file)},
        {{"port", "number or label", "none",
          "Ready when something accepts TCP connections on this port of 127.0.0.1, or on the group's port of that "
          "label.",
          "port: 8080", "", 1, 65535},
         into_port},
        {{"interval", "duration", "200ms", "How often to look.", "interval: 1s", "", milliseconds(10).ns, hours(1).ns},
         INTO(ReadyProbe, interval)},
    };
    return table;
}

}  // namespace drover::jobspec
