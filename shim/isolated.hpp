// Starting a task through an OCI runtime (protocol.h). All files are those of the current directory.
#pragma once

#include <stddef.h>
#include <sys/types.h>

namespace drover::shim {

// Gives the calling process a mount namespace in which `runtime` is read-only, so that it need not copy itself for fear
// of what it starts, and in which there are no control groups: those are made and joined here, and a runtime refuses
// the hierarchies of some machines. Only system calls, for use between vfork and exec.
bool hide_from_runtime(const char* runtime);

// Why the runtime could not start it, as a sentence; `status` is how it ended.
void tell_refusal(int status, char* out, size_t size);

}  // namespace drover::shim
