#include "driver-manager/drivers/docker.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "driver-manager/drivers/docker_config.hpp"
#include "driver-manager/drivers/env.hpp"

namespace drover::drivers {
namespace {

using Json = nlohmann::json;

// Where a container finds its directories.
constexpr const char* kSharedInside = "/alloc";
constexpr const char* kLocalInside = "/local";
constexpr const char* kSecretsInside = "/secrets";

constexpr const char* kNotInstalled = "drover-docker is not installed beside drover-driver-manager";

// The daemon keeps what the container writes until the supervisor has taken it over; one that lags by more than all
// files but one hold loses the oldest.
const Json kLogs = {{"Type", "json-file"}, {"Config", {{"max-size", "20m"}, {"max-file", "5"}}}};

std::vector<std::string> interpolated(const std::vector<std::string>& texts, const Env& known) {
    std::vector<std::string> out;
    for (const std::string& text : texts) out.push_back(interpolate(text, known));
    return out;
}

bool leaves(std::string_view path) {
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t end = rest.find('/');
        if (rest.substr(0, end) == "..") return true;
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return false;
}

Json bind_mount(const std::string& source, const std::string& target, bool read_only) {
    return {{"Type", "bind"}, {"Source", source}, {"Target", target}, {"ReadOnly", read_only}};
}

Result<Json> mounts(const std::vector<std::string>& volumes, const TaskContext& context) {
    Json out = Json::array({bind_mount(context.dirs.shared, kSharedInside, false),
                            bind_mount(context.dirs.local, kLocalInside, false),
                            bind_mount(context.dirs.secrets, kSecretsInside, false)});
    for (const std::string& text : volumes) {
        const auto volume = parse_volume(text);
        if (!volume) return fail(volume.error().kind, "config.volumes " + volume.error().message);
        const bool host = volume->source.starts_with("/");
        if (host && !context.docker.volumes)
            return fail(ErrorKind::refused, "config.volumes names " + volume->source +
                                                ": this node gives containers no directory of its own; set "
                                                "docker_volumes there, or write a path below the task's directory");
        if (!host && leaves(volume->source))
            return fail(ErrorKind::invalid, "config.volumes names " + volume->source +
                                                ", which leaves the task's "
                                                "directory");
        const std::string source = host ? volume->source : context.dirs.root + "/" + volume->source;
        // What the task has made a link to somewhere else is no directory of its own.
        if (!host && context.stays_below && !context.stays_below(context.dirs.root, source))
            return fail(ErrorKind::refused, "config.volumes names " + volume->source +
                                                ", which is not there, or is a link that leaves the task's directory");
        out.push_back(bind_mount(source, volume->target, volume->read_only));
    }
    return out;
}

// Both of what the daemon wants to know of ports.
Result<void> add_ports(const std::vector<std::string>& ports, Json& body) {
    for (const std::string& text : ports) {
        const auto port = parse_port(text);
        if (!port) return fail(port.error().kind, "config.ports " + port.error().message);
        body["ExposedPorts"][port->container] = Json::object();
        body["HostConfig"]["PortBindings"][port->container].push_back(
            {{"HostIp", port->address}, {"HostPort", port->host}});
    }
    return {};
}

void add_devices(const DeviceGrant& devices, Json& host) {
    for (const Mount& mount : devices.mounts)
        host["Mounts"].push_back(bind_mount(mount.source, mount.target, !mount.writable));
    for (const DeviceNode& node : devices.nodes)
        host["Devices"].push_back(
            {{"PathOnHost", node.source}, {"PathInContainer", node.target}, {"CgroupPermissions", node.access}});
}

Json labels(const std::vector<std::string>& texts, const TaskContext& context, const std::string& task) {
    Json out = {{"drover.node", context.node},
                {"drover.alloc", context.alloc},
                {"drover.job", context.job},
                {"drover.group", context.group},
                {"drover.task", task}};
    for (const std::string& text : texts) {
        const std::size_t split = text.find('=');
        const std::string name = text.substr(0, split);
        if (!name.empty() && !name.starts_with("drover."))
            out[name] = split == std::string::npos ? "" : text.substr(split + 1);
    }
    return out;
}

Json host_config(const DockerConfig& config, const wire::Resources& resources) {
    Json host = {{"LogConfig", kLogs},
                 {"RestartPolicy", {{"Name", "no"}}},
                 {"Privileged", config.privileged},
                 {"Init", config.init},
                 {"ReadonlyRootfs", config.readonly_rootfs}};
    if (!config.network_mode.empty()) host["NetworkMode"] = config.network_mode;
    if (config.pids_limit > 0) host["PidsLimit"] = config.pids_limit;
    if (resources.cpu > 0) host["NanoCpus"] = std::llround(resources.cpu * 1e9);
    if (resources.memory > 0) host["Memory"] = resources.memory;
    // As much again in swap would be the daemon's default.
    if (resources.memory > 0) host["MemorySwap"] = resources.memory;
    return host;
}

Result<Json> body_of(const wire::TaskSpec& spec, const DockerConfig& config, const TaskContext& context) {
    const Env env = build_env(spec, docker_inside(context));
    const Env known = references(env, docker_inside(context));
    Json body;
    body["Image"] = interpolate(config.image, known);
    std::vector<std::string> command;
    if (!config.command.empty()) command.push_back(interpolate(config.command, known));
    for (std::string& arg : interpolated(config.args, known)) command.push_back(std::move(arg));
    if (!command.empty()) body["Cmd"] = command;
    if (!config.entrypoint.empty()) body["Entrypoint"] = interpolated(config.entrypoint, known);
    if (!spec.user.empty()) body["User"] = spec.user;
    if (!config.work_dir.empty()) body["WorkingDir"] = interpolate(config.work_dir, known);
    if (!spec.kill_signal.empty()) body["StopSignal"] = spec.kill_signal;
    for (const auto& [name, value] : env) body["Env"].push_back(name + "=" + value);
    body["Labels"] = labels(interpolated(config.labels, known), context, spec.name);
    body["HostConfig"] = host_config(config, spec.resources);
    const auto mounted = mounts(interpolated(config.volumes, known), context);
    if (!mounted) return tl::unexpected(mounted.error());
    body["HostConfig"]["Mounts"] = *mounted;
    add_devices(context.devices, body["HostConfig"]);
    if (const auto added = add_ports(interpolated(config.ports, known), body); !added)
        return tl::unexpected(added.error());
    return body;
}

}  // namespace

TaskContext docker_inside(const TaskContext& context) {
    TaskContext seen = context;
    seen.dirs = {.shared = kSharedInside,
                 .logs = std::string(kSharedInside) + "/logs",
                 .root = "/",
                 .local = kLocalInside,
                 .secrets = kSecretsInside};
    seen.host_env.clear();
    seen.is_executable = nullptr;
    return seen;
}

wire::DriverInfo docker_fingerprint(const HostFacts& host) {
    if (!host.docker) return {.detected = false, .healthy = false, .description = kNotInstalled};
    const bool answers = !host.docker_version.empty();
    return {.detected = answers,
            .healthy = answers,
            .description = answers ? "Healthy; Docker " + host.docker_version : host.docker_error};
}

std::vector<ConfigProblem> docker_check(const wire::TaskSpec& spec) {
    ConfigReader reader(spec.config, kDockerFields);
    read_docker(reader);
    return std::move(reader).problems();
}

Result<DockerImage> docker_image(const wire::TaskSpec& spec, const TaskContext& context) {
    ConfigReader reader(spec.config, kDockerFields);
    const DockerConfig config = read_docker(reader);
    const Env known = references(build_env(spec, docker_inside(context)), docker_inside(context));
    DockerImage image;
    image.name = interpolate(config.image, known);
    image.force = config.force_pull;
    image.silence = config.image_pull_timeout;
    if (config.auth) {
        const std::string file = interpolate(config.auth->password_file, known);
        if (leaves(file) || file.starts_with("/"))
            return fail(ErrorKind::invalid,
                        "config.auth.password_file names " + file + ", which is not below the task's directory");
        image.login = {interpolate(config.auth->username, known), interpolate(config.auth->password, known),
                       file.empty() ? "" : context.dirs.root + "/" + file,
                       interpolate(config.auth->server_address, known)};
    }
    const std::string archive = interpolate(config.load, known);
    if (archive.empty()) return image;
    const bool host = archive.starts_with("/");
    if (host && !context.docker.volumes)
        return fail(ErrorKind::refused, "config.load names " + archive +
                                            ": on this node an archive has to be below the task's directory; set "
                                            "docker_volumes there, or write a path below it");
    if (leaves(archive))
        return fail(ErrorKind::invalid, "config.load names " + archive + ", which leaves the task's directory");
    image.archive = host ? archive : context.dirs.root + "/" + archive;
    return image;
}

Result<LaunchPlan> docker_plan(const wire::TaskSpec& spec, const TaskContext& context) {
    ConfigReader reader(spec.config, kDockerFields);
    const DockerConfig config = read_docker(reader);
    if (context.docker.program.empty()) return fail(ErrorKind::not_found, kNotInstalled);
    if (config.privileged && !context.docker.privileged)
        return fail(ErrorKind::refused,
                    "config.privileged: this node lets no container do anything to it; set docker_privileged there");
    const auto body = body_of(spec, config, context);
    if (!body) return tl::unexpected(body.error());
    LaunchPlan plan;
    try {
        plan.container = body->dump();
    } catch (const Json::exception&) {
        return fail(ErrorKind::invalid,
                    "the daemon takes text only, and something of the task's environment, command "
                    "or config is no UTF-8");
    }
    plan.supervisor = context.docker.program;
    plan.engine = context.docker.socket;
    plan.logs = spec.logs;
    plan.log_dir = context.dirs.logs;
    return plan;
}

}  // namespace drover::drivers
