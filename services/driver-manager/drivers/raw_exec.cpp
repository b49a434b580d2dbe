#include "driver-manager/drivers/raw_exec.hpp"

#include "driver-manager/drivers/env.hpp"
#include "driver-manager/drivers/lookup.hpp"

namespace drover::drivers {
namespace {

constexpr std::string_view kRawExecFields[] = {"command", "args", "work_dir"};

struct RawExecConfig {
    std::string command;
    std::vector<std::string> args;
    std::string work_dir;
};

bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

RawExecConfig read_raw_exec(ConfigReader& reader) {
    RawExecConfig config;
    config.command = reader.required_text("command");
    config.args = reader.texts("args");
    config.work_dir = reader.text("work_dir");
    // What a reference stands for is known only on the node.
    const bool refers = config.work_dir.starts_with("${");
    if (!config.work_dir.empty() && !refers && !is_absolute(config.work_dir))
        reader.problem("work_dir", "must be an absolute path, not " + config.work_dir);
    return config;
}

}  // namespace

wire::DriverInfo raw_exec_fingerprint(const HostFacts& host) {
    if (!host.shim) return {.detected = true, .healthy = false, .description = std::string(kNoShim)};
    return {.detected = true,
            .healthy = true,
            .description = host.root ? "Healthy" : "Healthy; without root every task runs as this node's user"};
}

std::vector<ConfigProblem> raw_exec_check(const wire::TaskSpec& spec) {
    ConfigReader reader(spec.config, kRawExecFields);
    read_raw_exec(reader);
    return std::move(reader).problems();
}

Result<LaunchPlan> raw_exec_plan(const wire::TaskSpec& spec, const TaskContext& context) {
    ConfigReader reader(spec.config, kRawExecFields);
    const RawExecConfig config = read_raw_exec(reader);
    LaunchPlan plan;
    plan.env = build_env(spec, context);
    const Env known = references(plan.env, context);
    const auto program =
        find_command(interpolate(config.command, known), context.dirs, search_path(known), context.is_executable);
    if (!program) return tl::unexpected(program.error());
    plan.argv.push_back(*program);
    for (const std::string& arg : config.args) plan.argv.push_back(interpolate(arg, known));
    plan.user = spec.user;
    plan.work_dir = config.work_dir.empty() ? context.dirs.root : interpolate(config.work_dir, known);
    if (!is_absolute(plan.work_dir))
        return fail(ErrorKind::invalid, "config.work_dir must be an absolute path, not " + plan.work_dir);
    plan.resources = spec.resources;
    plan.logs = spec.logs;
    plan.log_dir = context.dirs.logs;
    return plan;
}

}  // namespace drover::drivers
