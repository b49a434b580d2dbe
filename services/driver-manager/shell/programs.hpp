// Where the programs are that a driver-manager starts, its own and external drivers.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/instances/instances.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "driver-manager/shell/service.hpp"

namespace drover::driver_manager {

// Those installed beside this program, or brought out of our container. not_found without a drover-shim.
Result<NodePaths> find_paths(const Config& config);

// The external drivers of the node, whose home directories can be made afterwards. The error names the option.
Result<Programs> find_driver_programs(const Config& config, const NodePaths& paths);

// The directory of their home directories.
std::string homes_of(const Config& config);

// "NAME=value": what they get of this process's environment, which is what tasks of raw_exec get.
std::vector<std::string> environment_of_drivers();

}  // namespace drover::driver_manager
