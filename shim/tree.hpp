// The whole tree of the task. The shim is a subreaper, so what loses its parent becomes its child, whatever session or
// group it has moved to.
#pragma once

#include "spec.hpp"

namespace drover::shim {

// SIGKILL to everything in the control groups and to every child; what those leave behind becomes a child and gets the
// next blow. True when the control groups were empty already.
bool strike_tree(const Spec& spec);

// The first child of a process; 0 when there is none.
pid_t any_child(pid_t parent);

}  // namespace drover::shim
