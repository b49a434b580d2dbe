// The environment of a task, and ${name} in what its spec says.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

using Env = std::map<std::string, std::string>;

// From low to high: what Drover tells every task (each under DROVER_ and NOMAD_), its ports (PORT_<label>, IP_<label>
// and ADDR_<label>), its meta (META_<key>, as written and in capitals), what its devices need, the host's variables
// less those that may_not_reach_tasks, the spec's own, context.late_env. Values of the spec may refer to everything
// before them and to each other one level deep.
Env build_env(const wire::TaskSpec& spec, const TaskContext& context);

// Of the host's environment: what belongs to Drover, its service manager or a cloud, and what is named like a secret.
bool may_not_reach_tasks(std::string_view name);

// Replaces ${name}, where name is letters, digits, '_', '.' and '-', and ${env["name"]}; what is not in `env` stays as
// it is.
std::string interpolate(std::string_view text, const Env& env);

// `env` and the names that are no environment variables: node.unique.id, node.unique.name, attr.<name> of the node,
// meta.<key> of the task, env.<name> for every variable.
Env references(Env env, const TaskContext& context);

// Where the node is reached from others, as far as it knows.
std::string node_address(const TaskContext& context);

// Where to look for commands, as PATH is written.
std::string search_path(const Env& env);

}  // namespace drover::drivers
