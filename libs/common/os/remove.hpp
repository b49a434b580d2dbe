// Removal of directory trees whose contents an untrusted user may have arranged.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::os {

// Removes `path` and what is below it. Symlinks are removed, never followed; a mount point below `path` is not entered
// and makes the removal fail with its name, after everything else that can go has gone. Absent is success. Deeper than
// 256 levels fails.
Result<void> remove_tree(const std::string& path);

}  // namespace drover::os
