#include "driver-manager/stats/word.hpp"

#include <algorithm>

namespace drover::stats {

wire::TaskUsage by_word(Instant now, const wire::DriverTaskUsage& word, const RunningTask& task,
                        const wire::TaskUsage& before) {
    wire::TaskUsage usage = sample_of(task, now);
    usage.cpu_time = word.cpu_time;
    usage.memory = usage.peak = word.memory;
    usage.processes = word.processes;
    if (!before.at.set() || before.seq != task.seq || now <= before.at) return usage;
    usage.peak = std::max(word.memory, before.peak);
    const Duration spent = std::max(Duration{}, word.cpu_time - before.cpu_time);
    usage.cores = static_cast<double>(spent.ns) / static_cast<double>((now - before.at).ns);
    return usage;
}

}  // namespace drover::stats
