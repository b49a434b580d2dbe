#include "alloc-runner/core/alloc.hpp"

#include <algorithm>

#include "alloc-runner/core/lifecycle.hpp"

namespace drover::alloc_runner {

using wire::TaskState;

Alloc::Alloc(wire::AllocDesired desired, const wire::AllocStatus* recorded, AllocRules rules)
    : desired_(std::move(desired)), rules_(rules) {
    const std::size_t count = desired_.group.tasks.size();
    tasks_.resize(count);
    released_.resize(count);
    said_.resize(count);
    if (recorded) {
        status_ = *recorded;
    } else {
        status_.id = desired_.id;
        status_.job = desired_.job;
        status_.group = desired_.group.name;
        status_.index = desired_.index;
        status_.node = desired_.node;
        status_.job_version = desired_.job_version;
        status_.tasks.resize(count);
    }
    status_.term = rules_.term;
    status_.tasks.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        status_.tasks[i].name = desired_.group.tasks[i].name;
        tasks_[i].status = status_.tasks[i];
        released_[i] = ended_up_to(status_.tasks[i]);
    }
}

TaskRules Alloc::task_rules(std::size_t i) const {
    return {desired_,
            desired_.group.tasks[i],
            rules_.term,
            rules_.max_kill_timeout,
            rules_.task_edges,
            lifecycle::waits_for(desired_.group, status_.tasks, i),
            lifecycle::held(desired_.group, status_.tasks, i),
            may_change_,
            no_delay_};
}

// What users want comes first, so that nothing seen is judged as if they had not wanted it; starting comes last, when
// everything heard has had its say.
AllocDecision Alloc::step(Instant now, const AllocInput& input) {
    decision_ = {};
    may_change_ = std::holds_alternative<MayChange>(input);
    receive(now);
    if (const auto* wanted = std::get_if<Wanted>(&input); wanted && wanted->alloc.desired == wire::Desired::stop) {
        desired_.reason = wanted->alloc.reason;
        stop_ = true;
        no_delay_ |= wanted->alloc.no_shutdown_delay;
    }
    if (const auto* ordered = std::get_if<Ordered>(&input)) take(*ordered, now);
    if (const auto* recorded = std::get_if<Recorded>(&input)) take(*recorded);
    if (stop_) kill_all(now, {});
    expire(now);
    if (const auto* news = std::get_if<Observations>(&input)) {
        take(*news, now);
        // What was found to live although it was believed dead.
        if (stop_) kill_all(now, {});
    }
    drag_along(now);
    for (std::size_t i = 0; i < tasks_.size(); ++i) run(i, now, Wake{});
    command_all();
    return std::move(decision_);
}

void Alloc::take(const Ordered& ordered, Instant now) {
    stop_ |= ordered.order.stop;
    no_delay_ |= ordered.order.stop && ordered.order.no_shutdown_delay;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        const std::string& name = desired_.group.tasks[i].name;
        Orders orders;
        if (const auto hurries = ordered.order.hurries.find(name); hurries != ordered.order.hurries.end())
            orders.hurries = hurries->second;
        orders.restart_all = ordered.order.restart_all;
        orders.over = stop_ || status_.expired;
        if (!orders.over) {
            const auto restarts = ordered.order.restarts.find(name);
            if (restarts != ordered.order.restarts.end()) orders.restarts = restarts->second;
        }
        for (const wire::SignalOrder& signal : ordered.order.signals)
            if (signal.task == name) orders.signals.push_back(signal);
        run(i, now, orders);
    }
}

void Alloc::take(const Recorded& recorded) {
    for (std::size_t i = 0; i < tasks_.size() && i < recorded.status.tasks.size(); ++i)
        released_[i] = std::max(released_[i], ended_up_to(recorded.status.tasks[i]));
    if (recorded.status.term != rules_.term) return;
    outbox_.confirm(recorded.status.version);
    decision_.report_changed = true;
}

void Alloc::take(const Observations& news, Instant now) {
    const auto& specs = desired_.group.tasks;
    for (const auto& [name, observed] : news)
        for (std::size_t i = 0; i < specs.size(); ++i)
            if (specs[i].name == name) run(i, now, Heard{observed});
}

void Alloc::receive(Instant now) {
    for (std::size_t i = 0; i < tasks_.size(); ++i)
        if (tasks_[i].status.events == 0) tell(i, alloc_runner::receive(tasks_[i], task_rules(i), now), now);
}

void Alloc::run(std::size_t i, Instant now, const TaskInput& input) {
    tell(i, alloc_runner::step(tasks_[i], task_rules(i), now, input), now);
}

void Alloc::tell(std::size_t i, TaskDecision decision, Instant now) {
    decision_.wake_at = std::min(decision_.wake_at, decision.wake_at);
    if (!decision.changed) return;
    status_.tasks[i] = tasks_[i].status;
    auto [status, description] = standing();
    if (status != status_.status) check_edge(kAllocEdges, status_.status, status, rules_.alloc_edges);
    status_.status = status;
    status_.description = std::move(description);
    status_.updated_at = now;
    ++status_.version;
    decision_.events.insert(decision_.events.end(), decision.events.begin(), decision.events.end());
    decision_.report_changed = true;
    outbox_.add(std::move(decision.events), status_);
}

// Poststop tasks are there for the time after: only what ends the alloc itself keeps them from it.
void Alloc::kill_all(Instant now, const Kill& kill) {
    for (std::size_t i = 0; i < tasks_.size(); ++i)
        if (!lifecycle::is_poststop(desired_.group.tasks[i])) run(i, now, kill);
}

void Alloc::expire(Instant now) {
    const Duration limit = desired_.group.max_run_duration;
    if (limit.ns <= 0) return;
    const auto& tasks = status_.tasks;
    if (std::none_of(tasks.begin(), tasks.end(), [](const auto& t) { return t.phase != TaskPhase::dead; })) return;
    const Instant end = desired_.created_at + limit;
    if (now < end) {
        decision_.wake_at = std::min(decision_.wake_at, end);
        return;
    }
    status_.expired = true;
    const Kill kill{Kill::Cause::expired, ""};
    kill_all(now, kill);
    for (std::size_t i = 0; i < tasks_.size(); ++i)
        if (tasks_[i].status.phase == TaskPhase::pending) run(i, now, kill);
}

// A leader that ended well takes the others with it; so does any task that failed, which names itself; sidecars do not
// stay alone.
void Alloc::drag_along(Instant now) {
    const auto& specs = desired_.group.tasks;
    const wire::TaskStatus* failed = nullptr;
    bool only_sidecars = true;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        if (lifecycle::is_poststop(specs[i])) continue;
        const wire::TaskStatus& task = tasks_[i].status;
        only_sidecars &= !live(i) || specs[i].lifecycle.sidecar;
        if (live(i)) continue;
        if (specs[i].leader && !task.failed) return kill_all(now, {Kill::Cause::leader_dead, ""});
        if (task.failed && !failed) failed = &task;
    }
    if (failed) return kill_all(now, {Kill::Cause::sibling_failed, failed->name});
    if (only_sidecars) return kill_all(now, {Kill::Cause::mains_dead, ""});
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        const std::string lost = lifecycle::lost_hope(desired_.group, status_.tasks, i);
        if (!lost.empty()) run(i, now, GiveUp{lost});
    }
}

void Alloc::command_all() {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        std::optional<Desire> wanted = desire(tasks_[i], task_rules(i), released_[i]);
        if (wanted == said_[i]) continue;
        if (wanted)
            decision_.commands.push_back(command(*wanted, task_rules(i)));
        else
            decision_.withdrawn.push_back(desired_.group.tasks[i].name);
        said_[i] = std::move(wanted);
    }
}

bool Alloc::wants_change(Instant now) const {
    return std::any_of(tasks_.begin(), tasks_.end(),
                       [now](const Task& task) { return alloc_runner::wants_change(task, now); });
}

bool Alloc::unsettled() const {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        if (lifecycle::is_poststop(desired_.group.tasks[i])) continue;
        const TaskPhase phase = tasks_[i].status.phase;
        if (phase != TaskPhase::running && phase != TaskPhase::dead) return true;
    }
    return false;
}

std::pair<ClientStatus, std::string> Alloc::standing() const {
    const auto& tasks = status_.tasks;
    const bool ended =
        std::all_of(tasks.begin(), tasks.end(), [](const auto& t) { return t.state == TaskState::dead; });
    if (status_.expired && ended) return {ClientStatus::complete, "allocation exceeded max_run_duration"};
    return summarize(tasks);
}

std::pair<ClientStatus, std::string> summarize(const std::vector<wire::TaskStatus>& tasks) {
    const auto any = [&tasks](auto what) { return std::any_of(tasks.begin(), tasks.end(), what); };
    if (any([](const auto& t) { return t.state == TaskState::dead && t.failed; }))
        return {ClientStatus::failed, "Failed tasks"};
    if (any([](const auto& t) { return t.state == TaskState::running; }))
        return {ClientStatus::running, "Tasks are running"};
    if (any([](const auto& t) { return t.state == TaskState::pending; }))
        return {ClientStatus::pending, "No tasks have started"};
    if (tasks.empty()) return {ClientStatus::pending, ""};
    return {ClientStatus::complete, "All tasks have completed"};
}

}  // namespace drover::alloc_runner
