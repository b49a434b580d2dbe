#include "driver-manager/stats/tree.hpp"

#include <algorithm>

namespace drover::stats {

namespace {

constexpr pid_t kInit = 1;

}  // namespace

Tree::Tree(const std::vector<os::ProcStat>& procs) {
    by_pid_.reserve(procs.size());
    by_parent_.reserve(procs.size());
    for (const os::ProcStat& proc : procs) {
        by_pid_.emplace(proc.pid, &proc);
        by_parent_.push_back(&proc);
    }
    std::sort(by_parent_.begin(), by_parent_.end(), [](const auto* a, const auto* b) { return a->parent < b->parent; });
}

const os::ProcStat* Tree::find(pid_t pid) const {
    const auto it = by_pid_.find(pid);
    return it == by_pid_.end() ? nullptr : it->second;
}

const os::ProcStat* Tree::shim_of(pid_t pid) const {
    const os::ProcStat* first = find(pid);
    const os::ProcStat* shim = first ? find(first->parent) : nullptr;
    return shim && shim->pid > kInit ? shim : nullptr;
}

Procs Tree::below(const os::ProcStat& shim) const {
    Procs out;
    append_children(shim.pid, out);
    for (std::size_t i = 0; i < out.size(); ++i) append_children(out[i]->pid, out);
    return out;
}

void Tree::append_children(pid_t pid, Procs& out) const {
    const auto first = std::lower_bound(by_parent_.begin(), by_parent_.end(), pid,
                                        [](const os::ProcStat* proc, pid_t parent) { return proc->parent < parent; });
    for (auto it = first; it != by_parent_.end() && (*it)->parent == pid; ++it) out.push_back(*it);
}

}  // namespace drover::stats
