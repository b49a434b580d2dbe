#include "driver-manager/drivers/script.hpp"

#include "driver-manager/drivers/env.hpp"
#include "driver-manager/drivers/exec.hpp"
#include "driver-manager/drivers/lookup.hpp"

namespace drover::drivers {

Result<LaunchPlan> plan_script(const wire::Script& script, const LaunchPlan& task, const TaskContext& context) {
    const TaskContext seen = task.isolation ? exec_inside(context) : context;
    const Env known = references(task.env, seen);
    const auto program =
        find_command(interpolate(script.command, known), seen.dirs, search_path(known), seen.is_executable);
    if (!program) return tl::unexpected(program.error());
    LaunchPlan plan;
    plan.argv.push_back(*program);
    for (const std::string& arg : script.args) plan.argv.push_back(interpolate(arg, known));
    plan.env = task.env;
    plan.user = task.user;
    plan.work_dir = task.work_dir;
    plan.isolation = task.isolation;
    return plan;
}

}  // namespace drover::drivers
