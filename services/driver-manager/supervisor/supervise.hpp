// Where a supervisor begins: in the directory of an incarnation, whose record and clients are its from then on.
#pragma once

#include <functional>
#include <string>

#include "driver-manager/supervisor/post.hpp"
#include "shim/spec.hpp"

namespace drover::supervisor {

// What a supervisor is charged with.
struct Charge {
    const shim::Spec& spec;
    std::string directory;  // the current one
    bool resumed = false;   // there was a supervisor before
};

// Calls `work`, which returns once the end of the task is on disk. A spec that cannot be read is a failed start.
// Returns the exit code of the process.
int supervise(const char* directory, const std::function<void(const Charge&, Post&)>& work);

}  // namespace drover::supervisor
