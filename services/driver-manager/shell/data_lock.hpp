// One driver-manager a data directory.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::driver_manager {

// Held as long as the descriptor is open; the kernel lets go of it when the process dies, however it dies. refused when
// another process holds it.
Result<UniqueFd> lock_data(const std::string& data_dir);

}  // namespace drover::driver_manager
