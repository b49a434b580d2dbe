#include "driver-manager/stats/tolls.hpp"

#include <set>

namespace drover::stats {
namespace {

std::uint64_t grown(std::uint64_t now, std::uint64_t before) { return now > before ? now - before : 0; }

}  // namespace

void Tolls::add(const wire::TaskUsage& usage, const wire::TaskUsage& before, Sum& sum) {
    // The time is of one start, the output of all.
    const Duration earlier = usage.seq == before.seq ? before.cpu_time : Duration{};
    if (usage.cpu_time > earlier) sum.cpu_time = sum.cpu_time + (usage.cpu_time - earlier);
    sum.log_bytes += grown(usage.log_bytes, before.log_bytes);
    sum.dropped_bytes += grown(usage.dropped_bytes, before.dropped_bytes);
    sum.memory += usage.memory;
}

void Tolls::take(const std::map<driver_manager::TaskKey, KnownTask>& known,
                 const std::vector<wire::TaskUsage>& usages) {
    std::set<Name> names;
    for (const auto& [key, task] : known) names.insert({task.job, task.group, key.task});
    std::erase_if(sums_, [&](const auto& sum) { return !names.contains(sum.first); });
    for (const Name& name : names) sums_[name].memory = 0;
    std::erase_if(before_, [&](const auto& usage) { return !known.contains(usage.first); });
    running_.clear();
    for (const wire::TaskUsage& usage : usages) {
        const driver_manager::TaskKey key{usage.alloc, usage.task};
        const auto task = known.find(key);
        if (task == known.end()) continue;
        const auto [before, first] = before_.try_emplace(key);
        if (first && task->second.adopted) before->second = usage;
        const Name name{task->second.job, task->second.group, key.task};
        add(usage, before->second, sums_[name]);
        before->second = usage;
        running_[key] = name;
    }
}

void Tolls::measure(metrics::Page& page) const {
    using metrics::metric;
    for (const auto& [name, sum] : sums_) {
        const auto& [job, group, task] = name;
        const auto add = [&, &j = job, &g = group, &t = task](const metrics::Metric& one, double value) {
            page.add(one, {j, g, t}, value);
        };
        add(metric("drover_task_cpu_seconds_total"), static_cast<double>(sum.cpu_time.ns) / 1e9);
        add(metric("drover_task_memory_bytes"), static_cast<double>(sum.memory));
        add(metric("drover_task_log_bytes_total"), static_cast<double>(sum.log_bytes));
        add(metric("drover_task_log_dropped_bytes_total"), static_cast<double>(sum.dropped_bytes));
    }
    for (const auto& [key, name] : running_)
        page.add(metric("drover_task_info"), {key.alloc, std::get<0>(name), std::get<1>(name), key.task}, 1);
}

}  // namespace drover::stats
