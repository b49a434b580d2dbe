// Files of this machine.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace drover::fetch {

// Copies the plain file `path` into `file`; one of more than `max_bytes` is refused, one that is missing is
// `unavailable`.
Result<void> copy_file(const std::string& path, int file, std::uint64_t max_bytes);

}  // namespace drover::fetch
