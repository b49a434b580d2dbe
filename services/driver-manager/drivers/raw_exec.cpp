#include "driver-manager/drivers/raw_exec.hpp"

#include "driver-manager/drivers/command.hpp"

namespace drover::drivers {
namespace {

constexpr std::string_view kRawExecFields[] = {"command", "args", "work_dir"};

}  // namespace

wire::DriverInfo raw_exec_fingerprint(const HostFacts& host) {
    if (!host.shim) return {.detected = true, .healthy = false, .description = std::string(kNoShim)};
    return {.detected = true,
            .healthy = true,
            .description = host.root ? "Healthy" : "Healthy; without root every task runs as this node's user"};
}

std::vector<ConfigProblem> raw_exec_check(const wire::TaskSpec& spec) {
    ConfigReader reader(spec.config, kRawExecFields);
    read_command(reader);
    return std::move(reader).problems();
}

Result<LaunchPlan> raw_exec_plan(const wire::TaskSpec& spec, const TaskContext& context) {
    ConfigReader reader(spec.config, kRawExecFields);
    return plan_command(read_command(reader), spec, context, context.dirs.root);
}

}  // namespace drover::drivers
