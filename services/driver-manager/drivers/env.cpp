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
    if (spec.resources.cpu > 0) tell(env, "CPU_LIMIT", std::to_string(std::llround(spec.resources.cpu * 1000)));
    if (spec.resources.memory > 0) tell(env, "MEMORY_LIMIT", std::to_string(spec.resources.memory >> 20));
    return env;
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
        std::size_t end = open + 2;
        while (end < text.size() && is_name_char(text[end])) ++end;
        const auto value = env.find(std::string(text.substr(open + 2, end - open - 2)));
        const bool closed = end < text.size() && text[end] == '}';
        if (closed && value != env.end()) {
            result += value->second;
            at = end + 1;
        } else {
            result += "${";
            at = open + 2;
        }
    }
    return result;
}

Env references(Env env, const TaskContext& context) {
    env["node.unique.id"] = context.node;
    return env;
}

Env build_env(const wire::TaskSpec& spec, const TaskContext& context) {
    Env env = built_in(spec, context);
    for (const char* name : {"PATH", "HOME", "USER", "LANG"})
        if (const auto value = context.host_env.find(name); value != context.host_env.end())
            env.emplace(name, value->second);
    Env known = references(env, context);
    for (const auto& [name, value] : spec.env) known[name] = value;
    for (const auto& [name, value] : spec.env) env[name] = interpolate(value, known);
    return env;
}

}  // namespace drover::drivers
