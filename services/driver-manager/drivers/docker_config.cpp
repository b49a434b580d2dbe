#include "driver-manager/drivers/docker_config.hpp"

#include <algorithm>
#include <charconv>

namespace drover::drivers {
namespace {

constexpr std::string_view kFields[] = {
    "image",   "command", "args",         "entrypoint", "work_dir",   "load",       "force_pull", "image_pull_timeout",
    "volumes", "ports",   "network_mode", "labels",     "pids_limit", "privileged", "init",       "readonly_rootfs",
    "auth"};
constexpr std::string_view kAuthFields[] = {"username", "password", "password_file", "server_address"};

constexpr std::int64_t kMaxPids = 4'000'000;

bool is_port(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number > 0 && number <= 65535;
}

bool refers(const std::string& text) { return text.find("${") != std::string::npos; }

template <class Parse>
void check_each(ConfigReader& reader, const char* field, const std::vector<std::string>& list, Parse parse) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (refers(list[i])) continue;
        if (const auto good = parse(list[i]); !good)
            reader.problem(std::string(field) + "[" + std::to_string(i) + "]", good.error().message);
    }
}

DockerAuth read_auth(ConfigReader& reader) {
    DockerAuth auth;
    auth.username = reader.required_text("username");
    auth.password = reader.text("password");
    auth.password_file = reader.text("password_file");
    auth.server_address = reader.text("server_address");
    if (auth.password.empty() == auth.password_file.empty())
        reader.problem("password", "or password_file has to be given, and not both");
    return auth;
}

Result<void> check_label(const std::string& text) {
    if (text.find('=') == std::string::npos || text.front() == '=')
        return fail(ErrorKind::invalid, "must be name=value, not " + text);
    if (text.starts_with("drover.")) return fail(ErrorKind::invalid, "must not begin with drover., which is ours");
    return {};
}

}  // namespace

const std::span<const std::string_view> kDockerFields = kFields;

Result<Volume> parse_volume(const std::string& text) {
    Volume volume;
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
    const std::string option = second == std::string::npos ? "rw" : text.substr(second + 1);
    volume.source = text.substr(0, first);
    if (first != std::string::npos) volume.target = text.substr(first + 1, second - first - 1);
    volume.read_only = option == "ro";
    if (volume.source.empty() || !volume.target.starts_with("/") || (option != "ro" && option != "rw"))
        return fail(ErrorKind::invalid,
                    "must be source:target, or source:target:ro, with an absolute target, not " + text);
    return volume;
}

Result<Port> parse_port(const std::string& text) {
    Port port;
    const std::size_t slash = text.find('/');
    const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
    std::string rest = text.substr(0, slash);
    const std::size_t last = rest.rfind(':');
    const std::string inside = last == std::string::npos ? rest : rest.substr(last + 1);
    rest.erase(last == std::string::npos ? 0 : last);
    const std::size_t before = rest.rfind(':');
    port.host = before == std::string::npos ? rest : rest.substr(before + 1);
    if (before != std::string::npos) port.address = rest.substr(0, before);
    port.container = inside + "/" + protocol;
    const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
    if (!known || !is_port(inside) || (!port.host.empty() && !is_port(port.host)))
        return fail(ErrorKind::invalid, "must be [[address:]host port:]container port[/tcp|/udp], not " + text);
    return port;
}

DockerConfig read_docker(ConfigReader& reader) {
    DockerConfig config;
    config.image = reader.required_text("image");
    reader.block("auth", kAuthFields, [&](ConfigReader& block) { config.auth = read_auth(block); });
    config.command = reader.text("command");
    config.args = reader.texts("args");
    config.entrypoint = reader.texts("entrypoint");
    config.work_dir = reader.text("work_dir");
    config.load = reader.text("load");
    config.force_pull = reader.flag("force_pull");
    if (const Duration given = reader.duration("image_pull_timeout"); given.ns > 0) config.image_pull_timeout = given;
    config.volumes = reader.texts("volumes");
    config.ports = reader.texts("ports");
    config.network_mode = reader.text("network_mode");
    config.labels = reader.texts("labels");
    config.pids_limit = reader.number("pids_limit", 0, kMaxPids);
    config.privileged = reader.flag("privileged");
    config.init = reader.flag("init");
    config.readonly_rootfs = reader.flag("readonly_rootfs");
    check_each(reader, "volumes", config.volumes, parse_volume);
    check_each(reader, "ports", config.ports, parse_port);
    check_each(reader, "labels", config.labels, check_label);
    // It would see and reach what another's container does.
    if (config.network_mode.starts_with("container:"))
        reader.problem("network_mode", "cannot be that of another container");
    return config;
}

}  // namespace drover::drivers
