// What every supervisor of an incarnation begins with, whatever it is that it supervises.
#pragma once

#include "log.hpp"
#include "spec.hpp"

namespace drover::shim {

// Out of the parent's session and files; SIGCHLD, SIGTERM and SIGINT are blocked afterwards.
void leave_parent();

// The bytes of the spec in the current directory, locked for the life of this process; null when this start was
// cancelled or is another's.
const char* claim_spec(size_t* size);

// False with a sentence. Nothing is opened for a task whose output is discarded.
bool open_logs(const Spec& spec, Log* out, Log* err, char* error, size_t error_size);

}  // namespace drover::shim
