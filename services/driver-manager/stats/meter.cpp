#include "driver-manager/stats/meter.hpp"

#include <algorithm>

namespace drover::stats {
namespace {

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

wire::TaskUsage sample_of(const RunningTask& task, Instant now) {
    wire::TaskUsage usage;
    usage.job = task.job;
    usage.alloc = task.key.alloc;
    usage.task = task.key.task;
    usage.seq = task.seq;
    usage.at = now;
    return usage;
}

// What an ended process has read and written is nowhere any more, so it is added up while it lives.
void Meter::add_io(const Procs& procs) {
    const std::size_t before = io_.size();
    ++looks_;
    rested_ = true;
    for (const os::ProcStat* proc : procs) {
        Io& io = io_[proc->pid];
        if (io.start_time != proc->start_time) {
            io = {};
            rested_ = false;
        }
        const std::uint64_t read = std::max(io.read, proc->read_bytes);
        const std::uint64_t written = std::max(io.written, proc->written_bytes);
        read_ += read - io.read;
        written_ += written - io.written;
        io = {proc->start_time, read, written, looks_};
        rested_ = rested_ && proc->rested;
    }
    rested_ = rested_ && before == procs.size();
    if (io_.size() != procs.size()) std::erase_if(io_, [&](const auto& item) { return item.second.look != looks_; });
}

std::optional<wire::TaskUsage> Meter::measure(Instant now, const Tree& tree, const RunningTask& task) {
    const os::ProcStat* shim = task.pid > 0 ? tree.shim_of(task.pid) : nullptr;
    if (shim == nullptr) return std::nullopt;
    const Procs below = tree.below(*shim);
    add_io(below);
    wire::TaskUsage usage = sample_of(task, now);
    usage.read_bytes = read_;
    usage.written_bytes = written_;
    add_up(*shim, below, usage);
    // A look is no snapshot: a process that ends while it is taken may be missed in both places.
    usage.cpu_time = std::max(usage.cpu_time, cpu_time_);
    if (at_.set() && now > at_)
        usage.cores = static_cast<double>((usage.cpu_time - cpu_time_).ns) / static_cast<double>((now - at_).ns);
    usage.peak = peak_ = std::max(peak_, usage.memory);
    at_ = now;
    cpu_time_ = usage.cpu_time;
    return usage;
}

void Meter::append_processes(std::unordered_set<pid_t>& out) const {
    for (const auto& proc : io_) out.insert(proc.first);
}

}  // namespace drover::stats
