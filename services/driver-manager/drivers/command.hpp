// What the drivers share that run a command: how it is written in a config block, and the plan of it.
#pragma once

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

// config.command, args and work_dir.
struct Command {
    std::string command;
    std::vector<std::string> args;
    std::string work_dir;
};

Command read_command(ConfigReader& reader);

// References are replaced, the command is looked for. Paths are those that the task sees, and so are context.dirs and
// what context.is_executable is asked for. Without a work_dir it is `default_dir`.
Result<LaunchPlan> plan_command(const Command& command, const wire::TaskSpec& spec, const TaskContext& context,
                                const std::string& default_dir);

}  // namespace drover::drivers
