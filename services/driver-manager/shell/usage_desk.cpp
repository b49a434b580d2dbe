#include "driver-manager/shell/usage_desk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "driver-manager/allocdir/alloc_dir.hpp"
#include "driver-manager/stats/word.hpp"
#include "host/log.hpp"
#include "os/memory_group.hpp"
#include "os/node_usage.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr const char* kTasks = "task/stats";
constexpr const char* kNode = "stats/node";

std::uint64_t read_cache(const UniqueFd& memory_stat) {
    char text[4096];
    const ssize_t n = memory_stat.valid() ? ::pread(memory_stat.get(), text, sizeof text, 0) : -1;
    return n > 0 ? os::cached_bytes({text, static_cast<std::size_t>(n)}) : 0;
}

}  // namespace

UsageDesk::UsageDesk(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, const SinkDesk& sinks,
                     std::string node, std::string allocs, Told told)
    : loop_(loop),
      exchange_(exchange),
      inventory_(inventory),
      sinks_(sinks),
      node_(std::move(node)),
      allocs_(std::move(allocs)),
      told_(std::move(told)),
      mounts_(os::read_mounts()) {}

UsageDesk::~UsageDesk() { loop_.cancel(timer_); }

void UsageDesk::start() { look(); }

void UsageDesk::look() {
    timer_ = loop_.at(loop_.now() + stats::Rhythm::kHeard, [this] { look(); });
    if (rhythm_.due(loop_.now(), exchange_.wanted(kTasks) || exchange_.wanted(kNode))) measure();
}

// Those that run; without a command the job is not known, and nobody could have subscribed to the task by its name.
std::vector<stats::RunningTask> UsageDesk::running() {
    std::vector<stats::RunningTask> tasks;
    std::map<TaskKey, std::unique_ptr<Gauges>> kept;
    for (const TaskKey& key : inventory_.tasks()) {
        const auto observed = inventory_.observed(key);
        const wire::TaskCommand* command = inventory_.standing(key);
        if (!observed || command == nullptr) continue;
        for (const wire::IncarnationObserved& run : observed->incarnations) {
            if (run.phase != wire::RunPhase::running || run.pid <= 0) continue;
            stats::RunningTask& task = tasks.emplace_back();
            task.key = key;
            task.job = command->job;
            task.seq = run.seq;
            task.pid = static_cast<pid_t>(run.pid);
            look_beside(task, kept);
        }
    }
    gauges_ = std::move(kept);
    return tasks;
}

void UsageDesk::look_beside(stats::RunningTask& task, std::map<TaskKey, std::unique_ptr<Gauges>>& kept) {
    std::unique_ptr<Gauges>& gauges = kept[task.key];
    if (const auto old = gauges_.find(task.key); old != gauges_.end() && old->second) gauges = std::move(old->second);
    if (!gauges || gauges->seq != task.seq) {
        const std::string logs = allocdir::paths(allocs_, task.key.alloc, task.key.task).logs;
        gauges = std::make_unique<Gauges>(task.seq, launcher::LogGauge(logs, task.key.task));
        const std::string file = os::memory_stat_file(task.pid, mounts_);
        if (!file.empty()) gauges->memory = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    }
    task.dropped_bytes = sinks_.dropped(task.key);
    for (const launcher::LogCount& count : gauges->output.look()) {
        task.log_bytes += count.bytes;
        task.dropped_bytes += count.lost;
    }
    task.cache = read_cache(gauges->memory);
}

void UsageDesk::measure() {
    const Instant now = loop_.now();
    const std::vector<stats::RunningTask> tasks = running();
    const std::vector<os::ProcStat>& procs = procs_.look();
    if (procs.empty()) {
        log::warn("cannot measure what tasks use", {{"why", "/proc shows no processes"}});
        return rhythm_.failed(now);
    }
    rhythm_.measured(now);
    std::map<TaskKey, std::uint64_t> said;
    std::vector<wire::TaskUsage> usages = all_told(now, meter_.measure(now, procs, tasks));
    tolls_.take(known(), usages);
    for (wire::TaskUsage& usage : usages) {
        const TaskKey key{usage.alloc, usage.task};
        const std::uint64_t number = said[key] = tasks_said_[key] + 1;
        usage.node = node_;
        exchange_.sample(kTasks, number, usage.job + "/" + usage.alloc + "/" + usage.task, wire::TaskUsage::kName,
                         wire::encode(usage));
    }
    tasks_said_ = std::move(said);
    say_node(tasks, procs.size());
    procs_.follow(meter_.processes());
}

void UsageDesk::say_node(const std::vector<stats::RunningTask>& tasks, std::size_t processes) {
    const os::NodeUse use = os::look_at_node();
    wire::NodeUsage usage;
    usage.node = node_;
    usage.at = loop_.now();
    usage.cpu_time = use.cpu_time;
    if (before_.at.set() && usage.at > before_.at)
        usage.cores = static_cast<double>((usage.cpu_time - before_.cpu_time).ns) /
                      static_cast<double>((usage.at - before_.at).ns);
    usage.cpus = use.cpus;
    usage.memory = use.memory;
    usage.peak = std::max(before_.peak, use.memory);
    usage.memory_total = use.memory_total;
    usage.cache = use.cache;
    usage.processes = static_cast<std::uint32_t>(processes);
    usage.read_bytes = use.read_bytes;
    usage.written_bytes = use.written_bytes;
    usage.tasks = static_cast<std::uint32_t>(tasks.size());
    for (const stats::RunningTask& task : tasks) {
        usage.log_bytes += task.log_bytes;
        usage.dropped_bytes += task.dropped_bytes;
    }
    before_ = usage;
    exchange_.sample(kNode, ++said_, node_, wire::NodeUsage::kName, wire::encode(usage));
}

// Those that somebody wants here, or that still have an end to tell.
std::map<TaskKey, stats::KnownTask> UsageDesk::known() const {
    std::map<TaskKey, stats::KnownTask> out;
    for (const TaskKey& key : inventory_.tasks()) {
        const wire::TaskCommand* command = inventory_.standing(key);
        const auto observed = inventory_.observed(key);
        if (command == nullptr || !observed) continue;
        const bool any = !observed->incarnations.empty();
        const Instant started_at = any ? observed->incarnations.back().started_at : Instant{};
        out[key] = {command->job, command->group, started_at.set() && started_at < began_at_};
    }
    return out;
}

// What was measured, with what drivers say in its place.
std::vector<wire::TaskUsage> UsageDesk::all_told(Instant now, std::vector<wire::TaskUsage> measured) {
    std::map<TaskKey, wire::TaskUsage> all;
    for (wire::TaskUsage& usage : measured) all[{usage.alloc, usage.task}] = std::move(usage);
    std::map<TaskKey, wire::TaskUsage> told;
    for (const TaskKey& key : inventory_.tasks()) {
        const auto observed = inventory_.observed(key);
        const wire::TaskCommand* command = inventory_.standing(key);
        if (!observed || observed->incarnations.empty() || command == nullptr) continue;
        const wire::IncarnationObserved& run = observed->incarnations.back();
        const bool up = run.phase == wire::RunPhase::running;
        const wire::DriverTaskUsage* word = up ? told_(command->spec.driver, run.id) : nullptr;
        if (word == nullptr) continue;
        all[key] = told[key] = stats::by_word(now, *word, {key, command->job, run.seq, 0}, words_before_[key]);
    }
    words_before_ = std::move(told);
    std::vector<wire::TaskUsage> out;
    for (auto& [key, usage] : all) out.push_back(std::move(usage));
    return out;
}

}  // namespace drover::driver_manager
