// Which tasks of a group wait for which: by their lifecycle and by depends_on; internal to jobspec.
#pragma once

#include <string>

#include "jobspec/reader.hpp"

namespace drover::jobspec {

// Complains of dependencies on tasks that are not there or cannot do what is waited for, of lifecycles that make no
// sense, and of tasks that wait for each other in a circle, which is printed. `path` is the group's.
void check_order(Context& context, const std::string& path, const wire::GroupSpec& group, wire::JobType type);

}  // namespace drover::jobspec
