// A trash directory: what is moved there has lost its name at once; the disk's part of a removal, which may take long,
// comes later.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::os {

// <root>/.trash, mode 0700 when move_to_trash makes it.
std::string trash_of(const std::string& root);

// Renames `path`, which is on the file system of `root`, into the trash under a name that is free. Absent is success.
Result<void> move_to_trash(const std::string& root, const std::string& path);

}  // namespace drover::os
