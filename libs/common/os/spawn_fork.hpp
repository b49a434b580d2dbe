// spawn() by fork and exec; internal to os.
#pragma once

#include "os/spawn.hpp"

namespace drover::os {

Result<Process> spawn_by_fork(const SpawnOptions& options, Stdio stdio);

// As exec takes them; they point into `strings`.
std::vector<char*> pointers(const std::vector<std::string>& strings);

}  // namespace drover::os
