// The node's id, made once and kept in the data directory.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::driver_manager {

// The id in <data_dir>/node_id. The first time it is `wanted`, or random when that is empty; later `wanted` changes
// nothing. A file without a usable id is an error: a node must not silently become another one.
Result<std::string> node_id(const std::string& data_dir, const std::string& wanted);

}  // namespace drover::driver_manager
