#include "driver-manager/drivers/mock.hpp"

#include "driver-manager/drivers/env.hpp"

namespace drover::drivers {
namespace {

constexpr std::string_view kMockFields[] = {"start_error",
                                            "start_error_recoverable",
                                            "start_block_for",
                                            "run_for",
                                            "exit_code",
                                            "exit_signal",
                                            "ignores_term",
                                            "crash",
                                            "stdout_string",
                                            "stdout_repeat",
                                            "stdout_repeat_duration"};

struct MockConfig {
    std::string start_error;
    bool start_error_recoverable = false;
    Duration start_block_for;
    Duration run_for;
    std::int64_t exit_code = 0;
    std::int64_t exit_signal = 0;
    bool ignores_term = false;
    bool crash = false;
    std::string stdout_string;
    std::int64_t stdout_repeat = 0;
    Duration stdout_repeat_duration;
};

MockConfig read_mock(ConfigReader& reader) {
    MockConfig config;
    config.start_error = reader.text("start_error");
    config.start_error_recoverable = reader.flag("start_error_recoverable");
    config.start_block_for = reader.duration("start_block_for");
    config.run_for = reader.duration("run_for");
    config.exit_code = reader.number("exit_code", 0, 255);
    config.exit_signal = reader.number("exit_signal", 0, 64);
    config.ignores_term = reader.flag("ignores_term");
    config.crash = reader.flag("crash");
    config.stdout_string = reader.text("stdout_string");
    config.stdout_repeat = reader.number("stdout_repeat", 0, 1'000'000'000);
    config.stdout_repeat_duration = reader.duration("stdout_repeat_duration");
    if (!config.start_error.empty() && config.start_block_for.ns > 0)
        reader.problem("start_block_for", "says nothing beside start_error: the start fails at once");
    return config;
}

// The command line of drover-mock-task; mock/main.cpp reads it.
std::vector<std::string> command_line(const std::string& program, const MockConfig& config, const Env& known) {
    return {program,
            std::to_string(config.run_for.ns),
            std::to_string(config.exit_code),
            std::to_string(config.exit_signal),
            config.ignores_term ? "1" : "0",
            config.crash ? "1" : "0",
            std::to_string(config.stdout_repeat),
            std::to_string(config.stdout_repeat_duration.ns),
            interpolate(config.stdout_string, known)};
}

}  // namespace

wire::DriverInfo mock_fingerprint(const HostFacts& host) {
    const bool found = !host.mock_task.empty();
    if (found && !host.shim) return {.detected = true, .healthy = false, .description = std::string(kNoShim)};
    return {.detected = found,
            .healthy = found,
            .description = found ? "Healthy" : "drover-mock-task is not installed beside drover-driver-manager"};
}

std::vector<ConfigProblem> mock_check(const wire::TaskSpec& spec) {
    ConfigReader reader(spec.config, kMockFields);
    read_mock(reader);
    return std::move(reader).problems();
}

Result<LaunchPlan> mock_plan(const wire::TaskSpec& spec, const TaskContext& context) {
    ConfigReader reader(spec.config, kMockFields);
    const MockConfig config = read_mock(reader);
    if (!config.start_error.empty())
        return fail(config.start_error_recoverable ? ErrorKind::unavailable : ErrorKind::refused, config.start_error);
    if (context.mock_task.empty())
        return fail(ErrorKind::not_found, "drover-mock-task is not installed beside drover-driver-manager");
    LaunchPlan plan;
    plan.env = build_env(spec, context);
    plan.argv = command_line(context.mock_task, config, references(plan.env, context));
    plan.user = spec.user;
    plan.work_dir = context.dirs.root;
    plan.resources = spec.resources;
    plan.logs = spec.logs;
    plan.log_dir = context.dirs.logs;
    plan.start_delay = config.start_block_for;
    return plan;
}

}  // namespace drover::drivers
