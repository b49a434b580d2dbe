#include "driver-manager/shell/usage_desk.hpp"

#include <utility>

#include "driver-manager/stats/word.hpp"
#include "host/log.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr const char* kStream = "task/stats";

// Those that run; without a command the job is not known, and nobody could have subscribed to the task by its name.
std::vector<stats::RunningTask> running(const Inventory& inventory) {
    std::vector<stats::RunningTask> tasks;
    for (const TaskKey& key : inventory.tasks()) {
        const auto observed = inventory.observed(key);
        const wire::TaskCommand* command = inventory.standing(key);
        if (!observed || command == nullptr) continue;
        for (const wire::IncarnationObserved& run : observed->incarnations)
            if (run.phase == wire::RunPhase::running && run.pid > 0)
                tasks.push_back({key, command->job, run.seq, static_cast<pid_t>(run.pid)});
    }
    return tasks;
}

}  // namespace

UsageDesk::UsageDesk(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, std::string node, Told told)
    : loop_(loop), exchange_(exchange), inventory_(inventory), node_(std::move(node)), told_(std::move(told)) {}

UsageDesk::~UsageDesk() { loop_.cancel(timer_); }

void UsageDesk::start() { look(); }

void UsageDesk::look() {
    timer_ = loop_.at(loop_.now() + stats::Rhythm::kHeard, [this] { look(); });
    if (rhythm_.due(loop_.now(), exchange_.wanted(kStream))) measure();
}

void UsageDesk::measure() {
    const Instant now = loop_.now();
    const std::vector<stats::RunningTask> tasks = running(inventory_);
    const std::vector<os::ProcStat> procs = tasks.empty() ? std::vector<os::ProcStat>() : os::all_procs();
    if (procs.empty() && !tasks.empty()) {
        log::warn("cannot measure what tasks use", {{"why", "/proc shows no processes"}});
        return rhythm_.failed(now);
    }
    rhythm_.measured(now);
    std::map<TaskKey, std::uint64_t> said;
    for (wire::TaskUsage& usage : all_told(now, meter_.measure(now, procs, tasks))) {
        const TaskKey key{usage.alloc, usage.task};
        const std::uint64_t number = said[key] = said_[key] + 1;
        usage.node = node_;
        exchange_.sample(kStream, number, usage.job + "/" + usage.alloc + "/" + usage.task, wire::TaskUsage::kName,
                         wire::encode(usage));
    }
    said_ = std::move(said);
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
        all[key] = told[key] = stats::by_word(now, *word, {key, command->job, run.seq, 0}, before_[key]);
    }
    before_ = std::move(told);
    std::vector<wire::TaskUsage> out;
    for (auto& [key, usage] : all) out.push_back(std::move(usage));
    return out;
}

}  // namespace drover::driver_manager
