#include "driver-manager/drivers/env.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace drover::drivers {
namespace {

constexpr std::size_t kShortId = 8;

bool is_name_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

void tell(Env& env, const char* name, const std::string& value) {
    env[std::string("DROVER_") + name] = value;
    env[std::string("NOMAD_") + name] = value;
}

// Programs cannot read a variable whose name is no identifier.
std::string identifier(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '.') c = '_';
    return out;
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

// "0.5", "2"
std::string cores(double value) {
    std::string text = std::to_string(value);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
    return text;
}

// Tasks are on the node's own network, so inside and outside are the same.
void tell_ports(Env& env, const TaskContext& context) {
    const std::string address = node_address(context);
    for (const auto& [label, port] : context.ports) {
        const std::string name = identifier(label);
        const std::string number = std::to_string(port);
        for (const std::string where : {"", "HOST_"}) {
            tell(env, (where + "PORT_" + name).c_str(), number);
            tell(env, (where + "IP_" + name).c_str(), address);
            tell(env, (where + "ADDR_" + name).c_str(), address + ":" + number);
        }
    }
}

Env built_in(const wire::TaskSpec& spec, const TaskContext& context) {
    Env env;
    tell(env, "ALLOC_ID", context.alloc);
    tell(env, "SHORT_ALLOC_ID", context.alloc.substr(0, kShortId));
    tell(env, "ALLOC_NAME", context.job + "." + context.group + "[" + std::to_string(context.index) + "]");
    tell(env, "ALLOC_INDEX", std::to_string(context.index));
    tell(env, "TASK_NAME", spec.name);
    tell(env, "GROUP_NAME", context.group);
    tell(env, "JOB_ID", context.job);
    tell(env, "JOB_NAME", context.job);
    tell(env, "ALLOC_DIR", context.dirs.shared);
    tell(env, "TASK_DIR", context.dirs.local);
    tell(env, "SECRETS_DIR", context.dirs.secrets);
    // Programs read a whole number here: thousandths of a core, and MiB.
    // NOMAD_CPU_CORES would be the numbers of reserved cores, which there are not.
    if (spec.resources.cpu > 0) env["DROVER_CPU_CORES"] = cores(spec.resources.cpu);
    if (spec.resources.cpu > 0) tell(env, "CPU_LIMIT", std::to_string(std::llround(spec.resources.cpu * 1000)));
    if (spec.resources.memory > 0) tell(env, "MEMORY_LIMIT", std::to_string(spec.resources.memory >> 20));
    tell_ports(env, context);
    for (const auto& [name, value] : context.devices.env) env[name] = value;
    for (const auto& [key, value] : context.meta) tell(env, ("META_" + upper(identifier(key))).c_str(), value);
    for (const auto& [key, value] : context.meta) tell(env, ("META_" + identifier(key)).c_str(), value);
    return env;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// The value of the reference that `text`, behind "${", begins with, and how long it is with its closing brace.
const std::string* find_reference(std::string_view text, const Env& env, std::size_t& size) {
    constexpr std::string_view kQuoted = "env[\"";
    std::string name;
    if (text.starts_with(kQuoted)) {
        const std::size_t end = text.find("\"]}");
        if (end == std::string_view::npos) return nullptr;
        name = "env." + std::string(text.substr(kQuoted.size(), end - kQuoted.size()));
        size = end + 3;
    } else {
        std::size_t end = 0;
        while (end < text.size() && is_name_char(text[end])) ++end;
        if (end == text.size() || text[end] != '}') return nullptr;
        name = text.substr(0, end);
        size = end + 1;
    }
    const auto value = env.find(name);
    return value == env.end() ? nullptr : &value->second;
}

}  // namespace

std::string interpolate(std::string_view text, const Env& env) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = text.find("${", at);
        if (open == std::string_view::npos) {
            result += text.substr(at);
            break;
        }
        result += text.substr(at, open - at);
        std::size_t size = 0;
        if (const std::string* value = find_reference(text.substr(open + 2), env, size)) {
            result += *value;
            at = open + 2 + size;
        } else {
            result += "${";
            at = open + 2;
        }
    }
    return result;
}

Env references(Env env, const TaskContext& context) {
    Env out = env;
    for (const auto& [name, value] : env) out["env." + name] = value;
    for (const auto& [key, value] : context.meta) out["meta." + key] = value;
    for (const auto& [name, value] : context.attributes) out["attr." + name] = value;
    out["node.unique.id"] = context.node;
    out["node.unique.name"] = context.node_name;
    return out;
}

bool may_not_reach_tasks(std::string_view name) {
    for (const std::string_view prefix :
         {"DROVER_", "NOMAD_", "CONSUL_", "VAULT_", "AWS_", "GOOGLE_", "AZURE_", "SSH_", "LD_", "LISTEN_", "WATCHDOG_"})
        if (name.starts_with(prefix)) return true;
    for (const std::string_view part : {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE_KEY"})
        if (contains(upper(std::string(name)), part)) return true;
    for (const std::string_view own :
         {"NOTIFY_SOCKET", "JOURNAL_STREAM", "INVOCATION_ID", "PWD", "OLDPWD", "SHLVL", "_"})
        if (name == own) return true;
    return false;
}

std::string node_address(const TaskContext& context) {
    const auto known = context.attributes.find("unique.network.ip-address");
    return known == context.attributes.end() ? "127.0.0.1" : known->second;
}

std::string search_path(const Env& env) {
    const auto path = env.find("PATH");
    return path == env.end() ? "/usr/local/bin:/usr/bin:/bin" : path->second;
}

Env build_env(const wire::TaskSpec& spec, const TaskContext& context) {
    Env env = built_in(spec, context);
    for (const auto& [name, value] : context.host_env)
        if (!may_not_reach_tasks(name)) env.emplace(name, value);
    Env known = env;
    for (const auto& [name, value] : spec.env) known[name] = value;
    known = references(std::move(known), context);
    for (const auto& [name, value] : spec.env) env[name] = interpolate(value, known);
    for (const auto& [name, value] : context.late_env) env[name] = value;
    return env;
}

}  // namespace drover::drivers
