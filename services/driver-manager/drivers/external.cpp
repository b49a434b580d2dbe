#include "driver-manager/drivers/external.hpp"

#include <algorithm>

#include "base/nearest.hpp"
#include "driver-manager/drivers/env.hpp"
#include "wire/codec.hpp"
#include "wire/driver.hpp"

namespace drover::drivers {
namespace {

constexpr std::size_t kMaxName = 63;

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// With every reference in it replaced.
wire::Value resolved(const wire::Value& value, const Env& known) {
    if (const auto* text = std::get_if<std::string>(&value.data)) return {interpolate(*text, known)};
    if (const auto* list = std::get_if<wire::Value::List>(&value.data)) {
        wire::Value::List out;
        for (const wire::Value& one : *list) out.push_back(resolved(one, known));
        return {std::move(out)};
    }
    if (const auto* map = std::get_if<wire::Value::Map>(&value.data)) {
        wire::Value::Map out;
        for (const auto& [key, one] : *map) out[key] = resolved(one, known);
        return {std::move(out)};
    }
    return value;
}

}  // namespace

bool may_be_external(std::string_view name) {
    if (name.empty() || name.size() > kMaxName || !std::all_of(name.begin(), name.end(), is_name_char)) return false;
    std::vector<std::string_view> ours;
    for (const Driver& driver : all_drivers()) ours.push_back(driver.name);
    return nearest(name, ours).empty();
}

Result<void> external_check(const wire::TaskSpec& spec) {
    const bool scripts = spec.pre_kill || std::any_of(spec.templates.begin(), spec.templates.end(),
                                                      [](const wire::Template& t) { return t.change_script; });
    if (!scripts) return {};
    return fail(ErrorKind::invalid, "task " + spec.name + ", driver " + spec.driver +
                                        ": there is no pre_kill and no change_script with an external driver: only it "
                                        "knows where its tasks are");
}

Result<LaunchPlan> external_plan(const wire::TaskSpec& spec, const TaskContext& context) {
    const auto home = context.external.homes.find(spec.driver);
    if (home == context.external.homes.end()) {
        std::vector<std::string> names;
        for (const auto& [name, dir] : context.external.homes) names.push_back(name);
        const std::string meant = nearest(spec.driver, names);
        return fail(ErrorKind::not_found,
                    "this node has no driver " + spec.driver + (meant.empty() ? "" : "; did you mean " + meant + "?"));
    }
    if (context.external.program.empty())
        return fail(ErrorKind::not_found, "drover-external is not installed beside drover-driver-manager");
    wire::DriverTask task;
    task.alloc = context.alloc;
    task.job = context.job;
    task.task = spec.name;
    task.env = build_env(spec, context);
    const Env known = references(task.env, context);
    for (const auto& [key, value] : spec.config) task.config[key] = resolved(value, known);
    task.user = spec.user;
    task.resources = spec.resources;
    task.dir = context.dirs.root;
    LaunchPlan plan;
    plan.supervisor = context.external.program;
    plan.engine = home->second;
    plan.order = wire::encode(task);
    plan.logs = spec.logs;
    plan.log_dir = context.dirs.logs;
    return plan;
}

}  // namespace drover::drivers
