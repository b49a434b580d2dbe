// Tree: which processes are a task's, in one look at all. Pure; made once for all tasks of the node, so that its cost
// grows with the processes and not with tasks times processes.
#pragma once

#include <unordered_map>
#include <vector>

#include "os/proc.hpp"

namespace drover::stats {

using Procs = std::vector<const os::ProcStat*>;

class Tree {
   public:
    // Keeps pointers into `procs`.
    explicit Tree(const std::vector<os::ProcStat>& procs);

    // The shim of the task whose first process this is; null when it is not in sight.
    const os::ProcStat* shim_of(pid_t pid) const;

    Procs below(const os::ProcStat& shim) const;

   private:
    const os::ProcStat* find(pid_t pid) const;
    void append_children(pid_t pid, Procs& out) const;

    std::unordered_map<pid_t, const os::ProcStat*> by_pid_;
    Procs by_parent_;
};

}  // namespace drover::stats
