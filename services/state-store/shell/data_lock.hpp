// The data directory belongs to one process at a time.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::store {

// Holds as long as the descriptor lives; the kernel gives it up when the process dies, however it dies. refused:
// another process has it, the sentence names its pid if it can be read.
Result<UniqueFd> lock_data_dir(const std::string& data_dir);

}  // namespace drover::store
