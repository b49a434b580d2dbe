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
constexpr unsigned kCacheStale = 10;        // looks
constexpr unsigned kRestedCacheStale = 60;  // while only the kernel changes it

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
    const auto due = rhythm_.due(loop_.now(), exchange_.wanted(kTasks) || exchange_.wanted(kNode));
    if (due != stats::Rhythm::Due::nothing) measure(due);
}

UsageDesk::Sight& UsageDesk::sight(const TaskKey& key, const std::string& job, const wire::IncarnationObserved& run) {
    std::unique_ptr<Sight>& sight = sights_[key];
    if (sight && sight->seq == run.seq) return *sight;
    const std::uint64_t said = sight ? sight->said : 0;
    const std::string logs = allocdir::paths(allocs_, key.alloc, key.task).logs;
    sight =
        std::make_unique<Sight>(run.seq, job + "/" + key.alloc + "/" + key.task, launcher::LogGauge(logs, key.task));
    sight->said = said;
    sight->task = {.key = key, .job = job, .seq = run.seq, .pid = static_cast<pid_t>(run.pid)};
    const std::string file = run.pid > 0 ? os::memory_stat_file(sight->task.pid, mounts_) : "";
    if (!file.empty()) sight->memory = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    return *sight;
}

// Those whose turn it is; without a command the job is not known, and nobody could have subscribed to the task by its
// name.
std::vector<UsageDesk::Sight*> UsageDesk::find_due(bool all) {
    std::vector<Sight*> due;
    ++round_;
    const bool some = all || exchange_.wanted(kTasks);
    inventory_.each_running([&](const TaskKey& key, const wire::TaskCommand& command, const auto& run) {
        Sight& seen = sight(key, command.job, run);
        seen.round = round_;
        if (!all && !(some && exchange_.wanted(kTasks, seen.key))) return;
        seen.word = told_(command.spec.driver, run.id);
        due.push_back(&seen);
    });
    std::erase_if(sights_, [this](const auto& item) { return item.second->round != round_; });
    return due;
}

// What the processes themselves do not show. While the task rests it writes nothing; what it wrote before may still be
// on its way through its shim for a look.
void UsageDesk::look_beside(Sight& sight) const {
    sight.dropped_bytes = sinks_.dropped(sight.task.key);
    const bool rested = sight.word == nullptr && sight.meter.rested();
    if (!rested || !sight.rested) {
        sight.log_bytes = sight.lost_bytes = 0;
        for (const launcher::LogCount& count : sight.output.look()) {
            sight.log_bytes += count.bytes;
            sight.lost_bytes += count.lost;
        }
    }
    sight.rested = rested;
    // The kernel takes long to add up the memory of a group, so each has its turn.
    const bool first = sight.looks++ == 0;
    const unsigned turn = rested ? kRestedCacheStale : kCacheStale;
    if (first || (sight.looks + static_cast<unsigned>(sight.task.pid)) % turn == 0)
        sight.cache = read_cache(sight.memory);
}

void UsageDesk::measure(stats::Rhythm::Due what) {
    const Instant now = loop_.now();
    const std::vector<Sight*> due = find_due(what == stats::Rhythm::Due::all);
    std::unordered_set<pid_t> processes;
    for (const Sight* seen : due) seen->meter.append_processes(processes);
    const std::vector<os::ProcStat>& procs = procs_.look(processes);
    if (procs.empty()) {
        log::warn("cannot measure what tasks use", {{"why", "/proc shows no processes"}});
        return rhythm_.failed(now);
    }
    rhythm_.measured(now, what);
    const std::vector<wire::TaskUsage> usages = measure_tasks(now, procs, due);
    if (what == stats::Rhythm::Due::all) tolls_.take(known(), usages);
    if (what == stats::Rhythm::Due::all || exchange_.wanted(kNode)) say_node(procs.size());
}

std::vector<wire::TaskUsage> UsageDesk::measure_tasks(Instant now, const std::vector<os::ProcStat>& procs,
                                                      const std::vector<Sight*>& due) {
    std::vector<wire::TaskUsage> usages;
    if (due.empty()) return usages;
    usages.reserve(due.size());
    std::vector<Sight*> seen;
    seen.reserve(due.size());
    const stats::Tree tree(procs);
    bool rested = true;
    for (Sight* sight : due) {
        auto usage = measure_task(now, tree, *sight);
        rested = rested && sight->rested;
        if (!usage) continue;
        usages.push_back(std::move(*usage));
        seen.push_back(sight);
    }
    // In one go, which wakes who sends them less often.
    for (std::size_t i = 0; i < seen.size(); ++i)
        exchange_.sample(kTasks, ++seen[i]->said, seen[i]->key, wire::TaskUsage::kName, wire::encode(usages[i]));
    // Those that rest have the processes that they had.
    if (rested) return usages;
    std::unordered_set<pid_t> processes;
    for (const auto& [key, sight] : sights_) sight->meter.append_processes(processes);
    procs_.follow(processes);
    return usages;
}

// A driver knows better than /proc.
std::optional<wire::TaskUsage> UsageDesk::measure_task(Instant now, const stats::Tree& tree, Sight& sight) {
    std::optional<wire::TaskUsage> usage;
    if (sight.word != nullptr)
        usage = sight.by_word = stats::by_word(now, *sight.word, sight.task, sight.by_word);
    else
        usage = sight.meter.measure(now, tree, sight.task);
    look_beside(sight);
    if (!usage) return usage;
    usage->node = node_;
    usage->cache = sight.cache;
    usage->log_bytes = sight.log_bytes;
    usage->dropped_bytes = sight.dropped_bytes + sight.lost_bytes;
    return usage;
}

void UsageDesk::say_node(std::size_t processes) {
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
    usage.tasks = static_cast<std::uint32_t>(sights_.size());
    for (const auto& [key, seen] : sights_) {
        usage.log_bytes += seen->log_bytes;
        usage.dropped_bytes += seen->dropped_bytes + seen->lost_bytes;
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

}  // namespace drover::driver_manager
