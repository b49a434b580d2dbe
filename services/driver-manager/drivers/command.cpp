#include "driver-manager/drivers/command.hpp"

#include "driver-manager/drivers/env.hpp"
#include "driver-manager/drivers/lookup.hpp"

namespace drover::drivers {
namespace {

bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

}  // namespace

Command read_command(ConfigReader& reader) {
    Command out;
    out.command = reader.required_text("command");
    out.args = reader.texts("args");
    out.work_dir = reader.text("work_dir");
    // What a reference stands for is known only on the node.
    const bool refers = out.work_dir.starts_with("${");
    if (!out.work_dir.empty() && !refers && !is_absolute(out.work_dir))
        reader.problem("work_dir", "must be an absolute path, not " + out.work_dir);
    return out;
}

Result<LaunchPlan> plan_command(const Command& command, const wire::TaskSpec& spec, const TaskContext& context,
                                const std::string& default_dir) {
    LaunchPlan plan;
    plan.env = build_env(spec, context);
    const Env known = references(plan.env, context);
    const auto program =
        find_command(interpolate(command.command, known), context.dirs, search_path(known), context.is_executable);
    if (!program) return tl::unexpected(program.error());
    plan.argv.push_back(*program);
    for (const std::string& arg : command.args) plan.argv.push_back(interpolate(arg, known));
    plan.user = spec.user;
    plan.work_dir = command.work_dir.empty() ? default_dir : interpolate(command.work_dir, known);
    if (!is_absolute(plan.work_dir))
        return fail(ErrorKind::invalid, "config.work_dir must be an absolute path, not " + plan.work_dir);
    plan.resources = spec.resources;
    plan.logs = spec.logs;
    plan.log_dir = context.dirs.logs;
    return plan;
}

}  // namespace drover::drivers
