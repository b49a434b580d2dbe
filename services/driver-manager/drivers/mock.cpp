#include "driver-manager/drivers/mock.hpp"

#include <optional>

#include "driver-manager/drivers/env.hpp"

namespace drover::drivers {
namespace {

constexpr std::string_view kMockFields[] = {"start_error",
                                            "start_error_recoverable",
                                            "start_block_for",
                                            "run_for",
                                            "exit_code",
                                            "exit_signal",
                                            "exit_err_msg",
                                            "kill_after",
                                            "ignores_term",
                                            "signal_error",
                                            "plugin_exit_after",
                                            "crash",
                                            "exec_command",
                                            "stdout_string",
                                            "stdout_repeat",
                                            "stdout_repeat_duration",
                                            "stderr_string",
                                            "stderr_repeat",
                                            "stderr_repeat_duration"};

constexpr std::string_view kMockExecFields[] = {
    "run_for",       "exit_code",     "exit_signal",           "kill_after",
    "ignores_term",  "stdout_string", "stdout_repeat",         "stdout_repeat_duration",
    "stderr_string", "stderr_repeat", "stderr_repeat_duration"};

// What is written to one stream.
struct MockOutput {
    std::string text;
    std::int64_t repeat = 0;
    Duration every;
};

// What drover-mock-task plays.
struct MockProcess {
    Duration run_for;
    std::int64_t exit_code = 0;
    std::int64_t exit_signal = 0;
    Duration kill_after;
    bool ignores_term = false;
    bool crash = false;
    MockOutput out;
    MockOutput err;
};

struct MockConfig {
    std::string start_error;
    bool start_error_recoverable = false;
    Duration start_block_for;
    std::string exit_err_msg;
    std::string signal_error;
    Duration plugin_exit_after;
    MockProcess process;
    std::optional<MockProcess> exec_command;
};

MockOutput read_output(ConfigReader& reader, const std::string& stream) {
    return {reader.text(stream + "_string"), reader.number(stream + "_repeat", 0, 1'000'000'000),
            reader.duration(stream + "_repeat_duration")};
}

MockProcess read_process(ConfigReader& reader) {
    MockProcess process;
    process.run_for = reader.duration("run_for");
    process.exit_code = reader.number("exit_code", 0, 255);
    process.exit_signal = reader.number("exit_signal", 0, 64);
    process.kill_after = reader.duration("kill_after");
    process.ignores_term = reader.flag("ignores_term");
    process.out = read_output(reader, "stdout");
    process.err = read_output(reader, "stderr");
    if (process.ignores_term && process.kill_after.ns > 0)
        reader.problem("kill_after", "says nothing beside ignores_term: it does not end when it is asked to");
    return process;
}

MockConfig read_mock(ConfigReader& reader) {
    MockConfig config;
    config.start_error = reader.text("start_error");
    config.start_error_recoverable = reader.flag("start_error_recoverable");
    config.start_block_for = reader.duration("start_block_for");
    config.process = read_process(reader);
    config.process.crash = reader.flag("crash");
    config.exit_err_msg = reader.text("exit_err_msg");
    config.signal_error = reader.text("signal_error");
    config.plugin_exit_after = reader.duration("plugin_exit_after");
    reader.block("exec_command", kMockExecFields,
                 [&](ConfigReader& block) { config.exec_command = read_process(block); });
    if (!config.start_error.empty() && config.start_block_for.ns > 0)
        reader.problem("start_block_for", "says nothing beside start_error: the start fails at once");
    return config;
}

// The command line of drover-mock-task; mock/main.cpp reads it.
std::vector<std::string> command_line(const std::string& program, const MockProcess& process, const Env& known) {
    std::vector<std::string> words = {program,
                                      std::to_string(process.run_for.ns),
                                      std::to_string(process.exit_code),
                                      std::to_string(process.exit_signal),
                                      std::to_string(process.kill_after.ns),
                                      process.ignores_term ? "1" : "0",
                                      process.crash ? "1" : "0"};
    for (const MockOutput& output : {process.out, process.err}) {
        words.push_back(std::to_string(output.repeat));
        words.push_back(std::to_string(output.every.ns));
        words.push_back(interpolate(output.text, known));
    }
    return words;
}

}  // namespace

wire::DriverInfo mock_fingerprint(const HostFacts& host) {
    const bool found = !host.mock_task.empty();
    if (found && host.mock_down)
        return {.detected = true, .healthy = false, .description = "mock_shutdown_periodic_after says so"};
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
    const Env known = references(plan.env, context);
    plan.argv = command_line(context.mock_task, config.process, known);
    if (config.exec_command) plan.beside = command_line(context.mock_task, *config.exec_command, known);
    plan.user = spec.user;
    plan.work_dir = context.dirs.root;
    plan.resources = spec.resources;
    plan.logs = spec.logs;
    plan.log_dir = context.dirs.logs;
    plan.start_delay = config.start_block_for;
    plan.exit_error = config.exit_err_msg;
    plan.driver_ends_after = config.plugin_exit_after;
    return plan;
}

Result<void> mock_may_signal(const wire::TaskSpec& spec) {
    ConfigReader reader(spec.config, kMockFields);
    const std::string error = read_mock(reader).signal_error;
    return error.empty() ? Result<void>() : fail(ErrorKind::refused, error);
}

}  // namespace drover::drivers
