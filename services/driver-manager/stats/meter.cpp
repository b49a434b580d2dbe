#include "driver-manager/stats/meter.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace drover::stats {
namespace {

constexpr pid_t kInit = 1;

using Procs = std::vector<const os::ProcStat*>;

class Table {
   public:
    explicit Table(const std::vector<os::ProcStat>& procs) {
        by_pid_.reserve(procs.size());
        by_parent_.reserve(procs.size());
        for (const os::ProcStat& proc : procs) {
            by_pid_.emplace(proc.pid, &proc);
            by_parent_.push_back(&proc);
        }
        std::sort(by_parent_.begin(), by_parent_.end(),
                  [](const auto* a, const auto* b) { return a->parent < b->parent; });
    }

    const os::ProcStat* find(pid_t pid) const {
        const auto it = by_pid_.find(pid);
        return it == by_pid_.end() ? nullptr : it->second;
    }

    // The shim of the task whose first process this is; null when it is not in sight.
    const os::ProcStat* shim_of(pid_t pid) const {
        const os::ProcStat* first = find(pid);
        const os::ProcStat* shim = first ? find(first->parent) : nullptr;
        return shim && shim->pid > kInit ? shim : nullptr;
    }

    Procs below(const os::ProcStat& shim) const {
        Procs out;
        append_children(shim.pid, out);
        for (std::size_t i = 0; i < out.size(); ++i) append_children(out[i]->pid, out);
        return out;
    }

   private:
    void append_children(pid_t pid, Procs& out) const {
        const auto first =
            std::lower_bound(by_parent_.begin(), by_parent_.end(), pid,
                             [](const os::ProcStat* proc, pid_t parent) { return proc->parent < parent; });
        for (auto it = first; it != by_parent_.end() && (*it)->parent == pid; ++it) out.push_back(*it);
    }

    std::unordered_map<pid_t, const os::ProcStat*> by_pid_;
    Procs by_parent_;
};

// What an ended process has used is in the time that its parent has reaped, in the end the shim's, because that is what
// orphans fall to.
void add_up(const os::ProcStat& shim, const Procs& procs, wire::TaskUsage& usage) {
    usage.cpu_time = shim.reaped_cpu_time;
    for (const os::ProcStat* proc : procs) {
        usage.cpu_time = usage.cpu_time + proc->cpu_time + proc->reaped_cpu_time;
        usage.memory += proc->resident;
        ++usage.processes;
    }
}

}  // namespace

// What an ended process has read and written is nowhere any more, so it is added up while it lives.
void Meter::add_io(const Procs& procs, Before& before) {
    for (const os::ProcStat* proc : procs) {
        Io& io = before.io[proc->pid];
        if (io.start_time != proc->start_time) io = {};
        const std::uint64_t read = std::max(io.read, proc->read_bytes);
        const std::uint64_t written = std::max(io.written, proc->written_bytes);
        before.read += read - io.read;
        before.written += written - io.written;
        io = {proc->start_time, read, written, before.round};
    }
    if (before.io.size() == procs.size()) return;
    std::erase_if(before.io, [&](const auto& item) { return item.second.round != before.round; });
}

std::vector<wire::TaskUsage> Meter::measure(Instant now, const std::vector<os::ProcStat>& procs,
                                            const std::vector<RunningTask>& tasks) {
    const bool any = std::any_of(tasks.begin(), tasks.end(), [](const RunningTask& task) { return task.due; });
    const std::vector<os::ProcStat> nothing;
    const Table table(any ? procs : nothing);
    std::vector<wire::TaskUsage> result;
    result.reserve(tasks.size());
    ++round_;
    for (const RunningTask& task : tasks) {
        Before& before = before_[task.key];
        const bool same = before.round != 0 && before.seq == task.seq;
        if (!same) before = {};
        before.seq = task.seq;
        before.round = round_;
        const os::ProcStat* shim = task.due && task.pid > 0 ? table.shim_of(task.pid) : nullptr;
        if (shim == nullptr) continue;
        const Procs below = table.below(*shim);
        add_io(below, before);
        wire::TaskUsage usage;
        usage.job = task.job;
        usage.alloc = task.key.alloc;
        usage.task = task.key.task;
        usage.seq = task.seq;
        usage.at = now;
        usage.cache = task.cache;
        usage.log_bytes = task.log_bytes;
        usage.dropped_bytes = task.dropped_bytes;
        usage.read_bytes = before.read;
        usage.written_bytes = before.written;
        add_up(*shim, below, usage);
        // A look is no snapshot: a process that ends while it is taken may be missed in both places.
        usage.cpu_time = std::max(usage.cpu_time, before.cpu_time);
        if (before.at.set() && now > before.at)
            usage.cores =
                static_cast<double>((usage.cpu_time - before.cpu_time).ns) / static_cast<double>((now - before.at).ns);
        usage.peak = std::max(before.peak, usage.memory);
        before.at = now;
        before.cpu_time = usage.cpu_time;
        before.peak = usage.peak;
        result.push_back(std::move(usage));
    }
    std::erase_if(before_, [this](const auto& item) { return item.second.round != round_; });
    return result;
}

std::unordered_set<pid_t> Meter::processes() const {
    std::unordered_set<pid_t> out;
    for (const auto& task : before_)
        for (const auto& proc : task.second.io) out.insert(proc.first);
    return out;
}

std::unordered_set<pid_t> Meter::processes(const std::vector<RunningTask>& tasks) const {
    std::unordered_set<pid_t> out;
    for (const RunningTask& task : tasks) {
        const auto it = task.due ? before_.find(task.key) : before_.end();
        if (it == before_.end()) continue;
        for (const auto& proc : it->second.io) out.insert(proc.first);
    }
    return out;
}

}  // namespace drover::stats
