#include "driver-manager/shell/usage_desk.hpp"

#include <utility>

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

UsageDesk::UsageDesk(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, std::string node)
    : loop_(loop), exchange_(exchange), inventory_(inventory), node_(std::move(node)) {}

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
    for (wire::TaskUsage& usage : meter_.measure(now, procs, tasks)) {
        const TaskKey key{usage.alloc, usage.task};
        const std::uint64_t number = said[key] = said_[key] + 1;
        usage.node = node_;
        exchange_.sample(kStream, number, usage.job + "/" + usage.alloc + "/" + usage.task, wire::TaskUsage::kName,
                         wire::encode(usage));
    }
    said_ = std::move(said);
}

}  // namespace drover::driver_manager
