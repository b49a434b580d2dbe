// What a task must not inherit from whoever started Drover.
#pragma once

namespace drover::shim {

// Gives the calling process the ordinary priority, scheduling, oom score and resource limits. Where it may not raise a
// limit it keeps the one that it has. Only system calls, for use between vfork and exec.
void shed_heritage();

}  // namespace drover::shim
