// Locks that the kernel gives up when their process dies, however it dies.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::os {

// Takes the lock that the file `path`, made when missing, stands for, and writes our pid into it. Held as long as the
// descriptor is open. conflict: another process holds it.
Result<UniqueFd> lock_file(const std::string& path);

// The data directory of a service belongs to one process at a time: the lock <data_dir>/<service>.lock. refused, with a
// sentence that names the other's pid if it can be read, when another process has it.
Result<UniqueFd> lock_data_dir(const std::string& data_dir, const std::string& service);

}  // namespace drover::os
