#include "driver-manager/stats/meter.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace drover::stats {
namespace {

constexpr pid_t kInit = 1;

class Table {
   public:
    explicit Table(const std::vector<os::ProcStat>& procs) {
        for (const os::ProcStat& proc : procs) {
            by_pid_.emplace(proc.pid, &proc);
            children_[proc.parent].push_back(&proc);
        }
    }

    const os::ProcStat* find(pid_t pid) const {
        const auto it = by_pid_.find(pid);
        return it == by_pid_.end() ? nullptr : it->second;
    }

    // Everything below the task's shim. What an ended process has used is in the time that its parent has reaped, in
    // the end the shim's, because that is what orphans fall to.
    bool add(pid_t pid, wire::TaskUsage& usage) const {
        const os::ProcStat* first = find(pid);
        const os::ProcStat* shim = first ? find(first->parent) : nullptr;
        if (!shim || shim->pid <= kInit) return false;
        usage.cpu_time = shim->reaped_cpu_time;
        std::vector<const os::ProcStat*> below = children_of(shim->pid);
        for (std::size_t i = 0; i < below.size(); ++i) {
            const os::ProcStat& proc = *below[i];
            usage.cpu_time = usage.cpu_time + proc.cpu_time + proc.reaped_cpu_time;
            usage.memory += proc.resident;
            ++usage.processes;
            const auto more = children_of(proc.pid);
            below.insert(below.end(), more.begin(), more.end());
        }
        return true;
    }

   private:
    std::vector<const os::ProcStat*> children_of(pid_t pid) const {
        const auto it = children_.find(pid);
        return it == children_.end() ? std::vector<const os::ProcStat*>() : it->second;
    }

    std::unordered_map<pid_t, const os::ProcStat*> by_pid_;
    std::unordered_map<pid_t, std::vector<const os::ProcStat*>> children_;
};

}  // namespace

std::vector<wire::TaskUsage> Meter::measure(Instant now, const std::vector<os::ProcStat>& procs,
                                            const std::vector<RunningTask>& tasks) {
    const Table table(procs);
    std::map<driver_manager::TaskKey, Before> known;
    std::vector<wire::TaskUsage> result;
    for (const RunningTask& task : tasks) {
        const auto old = before_.find(task.key);
        const bool same = old != before_.end() && old->second.seq == task.seq;
        Before& before = known[task.key];
        if (same) before = old->second;
        wire::TaskUsage usage;
        usage.job = task.job;
        usage.alloc = task.key.alloc;
        usage.task = task.key.task;
        usage.seq = task.seq;
        usage.at = now;
        if (!table.add(task.pid, usage)) continue;
        // A look is no snapshot: a process that ends while it is taken may be missed in both places.
        usage.cpu_time = std::max(usage.cpu_time, before.cpu_time);
        if (same && now > before.at)
            usage.cores =
                static_cast<double>((usage.cpu_time - before.cpu_time).ns) / static_cast<double>((now - before.at).ns);
        usage.peak = std::max(before.peak, usage.memory);
        before = {task.seq, now, usage.cpu_time, usage.peak};
        result.push_back(std::move(usage));
    }
    before_ = std::move(known);
    return result;
}

}  // namespace drover::stats
