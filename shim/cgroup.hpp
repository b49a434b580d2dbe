// The control groups of the task: made, joined, emptied by force, removed.
#pragma once

#include "spec.hpp"

namespace drover::shim {

// Makes the groups, ends what is in them, and applies the settings; that of the processor only where no runtime comes
// first. False with a sentence.
bool make_cgroups(const Spec& spec, char* error, size_t error_size);

// What make_cgroups() has left, once the runtime has done its work.
bool limit_cpu(const Spec& spec, char* error, size_t error_size);

// The first group when it is one of version 2, so that a process can be born in it; else -1.
int open_unified(const Spec& spec);

// Moves the calling process into them; only system calls, for use between vfork and exec.
bool join_cgroups(const Spec& spec, bool but_first);

// One blow at everything in the groups and below; true when nothing was left in them.
bool kill_cgroups(const Spec& spec);

struct MemoryUse {  // bytes
    uint64_t peak = 0;
    uint64_t limit = 0;
};

// Did the kernel kill something in them for lack of memory? Then `use` says of what.
bool saw_oom(const Spec& spec, MemoryUse* use);

// The groups have to be empty.
void remove_cgroups(const Spec& spec);

}  // namespace drover::shim
