// The environment of a task, and ${name} in what its spec says.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

using Env = std::map<std::string, std::string>;

// From low to high: what Drover tells every task (each under DROVER_ and NOMAD_), PATH, HOME, USER and LANG of the
// host, the spec's own. Values of the spec may refer to all of the former and to each other one level deep.
Env build_env(const wire::TaskSpec& spec, const TaskContext& context);

// Replaces ${name}, where name is letters, digits, '_', '.' and '-'; what is not in `env` stays as it is.
std::string interpolate(std::string_view text, const Env& env);

// `env` and the names of node and attributes that are no environment variables: "node.unique.id".
Env references(Env env, const TaskContext& context);

}  // namespace drover::drivers
