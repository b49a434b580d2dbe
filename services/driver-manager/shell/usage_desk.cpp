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
constexpr unsigned kCacheStale = 10;  // looks

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

// Those that run; without a command the job is not known, and nobody could have subscribed to the task by its name.
std::vector<stats::RunningTask> UsageDesk::running(bool all) {
    std::vector<stats::RunningTask> tasks;
    tasks.reserve(sights_.size());
    ++round_;
    round_usages_.clear();
    const bool some = all || exchange_.wanted(kTasks);
    inventory_.each_running([&](const TaskKey& key, const wire::TaskCommand& command, const auto& run) {
        Sight& seen = sight(key, command.job, run);
        seen.round = round_;
        seen.task.due = all || (some && exchange_.wanted(kTasks, seen.key));
        if (seen.task.due) look_beside(seen);
        tasks.push_back(seen.task);
        // A driver knows better than /proc.
        const wire::DriverTaskUsage* word = seen.task.due ? told_(command.spec.driver, run.id) : nullptr;
        if (word == nullptr) return;
        tasks.back().pid = 0;
        seen.by_word = stats::by_word(loop_.now(), *word, seen.task, seen.by_word);
        say(seen, seen.by_word);
    });
    std::erase_if(sights_, [this](const auto& item) { return item.second->round != round_; });
    return tasks;
}

void UsageDesk::look_beside(Sight& sight) const {
    stats::RunningTask& task = sight.task;
    task.log_bytes = 0;
    task.dropped_bytes = sinks_.dropped(task.key);
    for (const launcher::LogCount& count : sight.output.look()) {
        task.log_bytes += count.bytes;
        task.dropped_bytes += count.lost;
    }
    // The kernel takes long to add up the memory of a group, so each has its turn.
    const bool first = sight.looks++ == 0;
    if (first || (sight.looks + static_cast<unsigned>(task.pid)) % kCacheStale == 0)
        task.cache = read_cache(sight.memory);
}

void UsageDesk::measure(stats::Rhythm::Due what) {
    const Instant now = loop_.now();
    const std::vector<stats::RunningTask> tasks = running(what == stats::Rhythm::Due::all);
    const std::vector<os::ProcStat>& procs = procs_.look(meter_.processes(tasks));
    if (procs.empty()) {
        log::warn("cannot measure what tasks use", {{"why", "/proc shows no processes"}});
        return rhythm_.failed(now);
    }
    rhythm_.measured(now, what);
    for (wire::TaskUsage& usage : meter_.measure(now, procs, tasks)) {
        Sight& seen = *sights_[{usage.alloc, usage.task}];
        say(seen, std::move(usage));
    }
    if (what == stats::Rhythm::Due::all) tolls_.take(known(), round_usages_);
    if (what == stats::Rhythm::Due::all || exchange_.wanted(kNode)) say_node(tasks, procs.size());
    procs_.follow(meter_.processes());
}

void UsageDesk::say(Sight& sight, wire::TaskUsage usage) {
    usage.node = node_;
    round_usages_.push_back(usage);
    exchange_.sample(kTasks, ++sight.said, sight.key, wire::TaskUsage::kName, wire::encode(usage));
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

}  // namespace drover::driver_manager
