#include "deadlines.hpp"

#include <algorithm>
#include <tuple>

#include "job.hpp"
#include "runner.hpp"

namespace drover::sim {
namespace {

using wire::StopStage;
using wire::TaskPhase;

constexpr Duration kSlack = seconds(1);
constexpr Duration kLongestStart = milliseconds(40);

// When the task leaves its state at the latest; kNever: that depends on others.
Instant deadline(const wire::TaskSpec& spec, const wire::TaskStatus& task, Instant since) {
    switch (task.phase) {
        case TaskPhase::starting: return since + kLongestStart;
        case TaskPhase::backoff: return task.why == "waits out its restart delay" ? task.next_attempt : kNever;
        case TaskPhase::pending: return task.why == "waits to be started" ? since : kNever;
        case TaskPhase::stopping: break;
        case TaskPhase::running:
        case TaskPhase::dead: return kNever;
    }
    if (task.state != wire::TaskState::running) return since + kLongestStart;
    switch (task.stop_stage) {
        case StopStage::none: return kNever;
        case StopStage::pre_kill:
        case StopStage::delay: return task.stop_at;
        case StopStage::signal: break;
    }
    return since + std::min(spec.kill_timeout, kMaxKillTimeout);
}

}  // namespace

void Deadlines::hear(const wire::AllocStatus& status, Instant now) {
    for (const wire::TaskStatus& task : status.tasks) {
        Stay& stay = stays_[{status.id, task.name}];
        const auto before = std::tie(stay.phase, stay.stage, stay.seq, stay.why);
        if (stay.since.set() && before == std::tie(task.phase, task.stop_stage, task.seq, task.why)) continue;
        stay = {task.phase, task.stop_stage, task.seq, task.why, now};
    }
}

void Deadlines::forget(const std::string& alloc) {
    std::erase_if(stays_, [&alloc](const auto& entry) { return entry.first.first == alloc; });
}

std::string Deadlines::late(const Store& store, Instant since, Instant now) const {
    for (const auto& [key, stay] : stays_) {
        if (stay.phase == TaskPhase::dead || stay.phase == TaskPhase::running) continue;
        const wire::AllocDesired* alloc = store.alloc(key.first);
        const wire::AllocStatus* status = store.status(key.first);
        if (!alloc || !status) continue;
        for (const wire::TaskStatus& task : status->tasks) {
            if (task.name != key.second) continue;
            const Instant end = deadline(spec_of(alloc->group, task.name), task, std::max(stay.since, since));
            if (end == kNever || now <= std::max(end, since) + kSlack) continue;
            return key.first.substr(0, 4) + "/" + task.name + " is " + std::string(to_string(task.phase)) + ": " +
                   task.why;
        }
    }
    return {};
}

}  // namespace drover::sim
