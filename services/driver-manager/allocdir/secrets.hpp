// secrets/, the directory of a task that only its user may read. Where this process may mount, it is a small file
// system in memory, so that nothing of it reaches a disk and nothing in it can be executed; it lasts until the task is
// destroyed or the machine restarts, whatever becomes of this process.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace drover::allocdir {

struct Secrets {
    bool in_memory = false;
    uid_t uid = 0;  // whose they are; counts only when this process is root
    gid_t gid = 0;
};

// Tries in `dir`, which exists, and leaves nothing there. The error says why not.
Result<void> can_keep_in_memory(const std::string& dir);

// Makes what is missing of the directory `path`, whose parent exists; may be repeated.
Result<void> make_secrets(const std::string& path, const Secrets& secrets);

// Takes the file system in memory away; anything else that is mounted there stays. Absent is success.
Result<void> unmount_secrets(const std::string& path);

}  // namespace drover::allocdir
