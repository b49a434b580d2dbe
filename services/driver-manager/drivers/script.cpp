#include "driver-manager/drivers/script.hpp"

#include "driver-manager/drivers/env.hpp"
#include "driver-manager/drivers/lookup.hpp"

namespace drover::drivers {

Result<ScriptPlan> plan_script(const wire::Script& script, const wire::TaskSpec& task, const TaskContext& context) {
    const auto driver = find_driver(task.driver);
    if (!driver) return tl::unexpected(driver.error());
    const TaskContext seen = (*driver)->inside != nullptr ? (*driver)->inside(context) : context;
    ScriptPlan plan;
    plan.env = build_env(task, seen);
    const Env known = references(plan.env, seen);
    std::string command = interpolate(script.command, known);
    if (seen.is_executable) {
        auto found = find_command(command, seen.dirs, search_path(known), seen.is_executable);
        if (!found) return tl::unexpected(found.error());
        command = std::move(*found);
    }
    plan.argv.push_back(std::move(command));
    for (const std::string& arg : script.args) plan.argv.push_back(interpolate(arg, known));
    return plan;
}

}  // namespace drover::drivers
