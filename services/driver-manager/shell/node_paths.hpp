// Where the driver-manager finds its programs and keeps its files.
#pragma once

#include "driver-manager/shell/node_hands.hpp"
#include "driver-manager/shell/service.hpp"

namespace drover::driver_manager {

// In a container the programs are brought to where the machine can start them. not_found: there is no shim.
Result<NodePaths> find_paths(const Config& config);

}  // namespace drover::driver_manager
