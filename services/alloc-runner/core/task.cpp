#include "alloc-runner/core/task.hpp"

#include <algorithm>

#include "alloc-runner/core/task_step.hpp"

namespace drover::alloc_runner {
namespace {

// Below what a driver-manager keeps, so that starts wait here, with a reason, instead of failing there.
constexpr std::size_t kMaxUnrecorded = 48;

events::Words killing(const Kill& kill, const TaskRules& rules) {
    const bool expired = kill.cause == Kill::Cause::expired;
    events::Words words = events::killing(kill_timeout(rules), expired ? "allocation exceeded max_run_duration" : "");
    const std::string& reason = rules.alloc.reason;
    if (kill.cause == Kill::Cause::stop && !reason.empty()) words.details["kill_reason"] = reason;
    return words;
}

}  // namespace

// An earlier owner may have written down times that lie ahead of this one's clock, because the machine's was set back
// in between. No wait gets longer by that.
void TaskStep::follow_clock() {
    if (status_.last_restart > now_) {
        if (status_.phase == TaskPhase::backoff)
            set(status_.next_attempt, now_ + (status_.next_attempt - status_.last_restart));
        set(status_.last_restart, now_);
    }
    if (status_.window_start > now_) set(status_.window_start, now_);
    if (status_.phase == TaskPhase::stopping) limit_stop();
}

void TaskStep::enter(TaskPhase to) {
    check_edge(kTaskEdges, status_.phase, to, rules_.edges);
    status_.phase = to;
    decision_.changed = true;
}

void TaskStep::die(Instant at) {
    enter(TaskPhase::dead);
    status_.state = wire::TaskState::dead;
    status_.finished_at = at;
    status_.stop_stage = wire::StopStage::none;
}

void TaskStep::say(events::Words words, Instant time) {
    decision_.changed = true;
    wire::TaskEvent event;
    event.job = rules_.alloc.job;
    event.alloc = rules_.alloc.id;
    event.task = status_.name;
    event.n = ++status_.events;
    event.incarnation = status_.incarnation;
    event.type = std::move(words.type);
    event.time = time;
    event.message = std::move(words.message);
    event.details = std::move(words.details);
    decision_.events.push_back(std::move(event));
}

void TaskStep::receive() {
    status_.window_start = now_;
    say(events::received());
}

void TaskStep::apply(const Kill& kill) {
    if (status_.killed || status_.phase == TaskPhase::dead) return;
    switch (kill.cause) {
        case Kill::Cause::stop:
        case Kill::Cause::expired: break;
        case Kill::Cause::sibling_failed: say(events::sibling_failed(kill.sibling)); break;
        case Kill::Cause::leader_dead: say(events::leader_dead()); break;
        case Kill::Cause::mains_dead: say(events::mains_dead()); break;
    }
    say(killing(kill, rules_));
    end_for_good();
}

void TaskStep::apply(const GiveUp& give_up) {
    if (status_.killed || has_process(status_.phase) || status_.phase == TaskPhase::dead) return;
    say(events::setup_failure(give_up.reason, true));
    status_.failed = true;
    end_for_good();
}

// The killed flag comes before everything, so that no exit seen from now on is judged by the restart policy. A task
// that has no incarnation gets the next number, so that the driver-manager can promise that it never starts.
void TaskStep::end_for_good() {
    status_.killed = true;
    status_.restarting = false;
    status_.next_attempt = {};  // asked to begin again, it does so at once
    if (!has_process(status_.phase)) number(status_.seq + 1);
    if (status_.phase != TaskPhase::stopping) enter(TaskPhase::stopping);
}

void TaskStep::apply(const Orders& orders) {
    task_.signals = orders.signals;
    if (orders.restart_all > status_.restart_all_order) {
        set(status_.restart_all_order, orders.restart_all);
        if (!orders.over) begin_again();
    }
    if (orders.restarts > status_.restart_order) {
        set(status_.restart_order, orders.restarts);
        if (status_.phase == TaskPhase::running) restart(events::kUserRestart);
    }
    // After the restarts it belongs to; it also reaches one that is under way.
    if (orders.hurries > status_.hurry_order) {
        set(status_.hurry_order, orders.hurries);
        if (status_.phase == TaskPhase::stopping) set(status_.hurried, true);
    }
}

// Without its old start and end nobody takes it for started or done: the gates of the lifecycle open anew. What was on
// its way to an end for good now ends to begin again.
void TaskStep::begin_again() {
    const bool was_killed = std::exchange(status_.killed, false);
    status_.failed = false;
    status_.started_at = {};
    switch (status_.phase) {
        case TaskPhase::dead: revive(); break;
        case TaskPhase::starting:
        case TaskPhase::running: restart(events::kUserRestartAll); break;
        case TaskPhase::stopping:
            status_.restarting = true;
            if (was_killed) say(events::restart_signaled(events::kUserRestartAll));
            break;
        case TaskPhase::pending:
        case TaskPhase::backoff: break;
    }
}

void TaskStep::revive() {
    say(events::restart_signaled(events::kUserRestartAll));
    enter(TaskPhase::pending);
    status_.state = wire::TaskState::pending;
    status_.failed = false;
    status_.finished_at = {};
    status_.attempts = 0;
    status_.failures_in_row = 0;
    status_.window_start = now_;
}

void TaskStep::restart(const std::string& reason) {
    status_.restarting = true;
    say(events::restart_signaled(reason));
    enter(TaskPhase::stopping);
}

void TaskStep::number(std::uint64_t seq) {
    if (status_.seq != seq) set(status_.session_notes, std::uint64_t{0});
    set(status_.seq, seq);
    set(status_.incarnation, incarnation_id(rules_.alloc.id, status_.name, seq));
}

void TaskStep::begin(std::uint64_t seq) {
    number(seq);
    status_.finished_at = {};
    status_.next_attempt = {};
    status_.ready = false;
    status_.setup_told &= kDirectoryTold;
    status_.driver_words = 0;
    status_.stop_stage = wire::StopStage::none;
    status_.hurried = false;
    enter(TaskPhase::starting);
}

const wire::IncarnationObserved* TaskStep::current() const {
    if (!task_.observed) return nullptr;
    for (const wire::IncarnationObserved& one : task_.observed->incarnations)
        if (one.seq == status_.seq) return &one;
    return nullptr;
}

void TaskStep::apply(const Wake&) {
    follow_templates();
    advance_stop();
    start_if_due();
}

void TaskStep::start_if_due() {
    if (!task_.observed || !rules_.waits_for.empty()) return;
    if (status_.phase != TaskPhase::pending && status_.phase != TaskPhase::backoff) return;
    const wire::TaskObserved& observed = *task_.observed;
    if (newest_known(observed) > status_.seq || observed.incarnations.size() >= kMaxUnrecorded) return;
    if (status_.next_attempt > now_) return;
    begin(std::max(status_.seq, observed.floor) + 1);
}

std::string TaskStep::why() const {
    const std::string node = "node " + rules_.alloc.node;
    switch (status_.phase) {
        case TaskPhase::running:
        case TaskPhase::dead: return "";
        case TaskPhase::starting: {
            const wire::IncarnationObserved* one = current();
            return one && !one->waits.empty() ? "waits for " + one->waits : "waits for " + node + " to start it";
        }
        case TaskPhase::stopping:
            if (status_.state != wire::TaskState::running)
                return "waits for " + node + " to confirm that it will not start";
            switch (status_.stop_stage) {
                case wire::StopStage::none: return "waits for the tasks that have to end before it";
                case wire::StopStage::pre_kill: return "waits for its pre_kill script";
                case wire::StopStage::delay: return "waits out its shutdown_delay";
                case wire::StopStage::signal: return "waits for its process to end";
            }
            break;
        case TaskPhase::pending:
        case TaskPhase::backoff: break;
    }
    if (!task_.observed) return "waits for the inventory of " + node;
    if (!rules_.waits_for.empty()) return "waits for " + rules_.waits_for;
    if (task_.observed->incarnations.size() >= kMaxUnrecorded)
        return "waits for the state-store to record its earlier runs";
    return status_.phase == TaskPhase::backoff ? "waits out its restart delay" : "waits to be started";
}

TaskDecision TaskStep::finish() {
    if (status_.phase == TaskPhase::backoff && status_.next_attempt > now_) wake(status_.next_attempt);
    if (decision_.changed || !has_process(status_.phase) || status_.phase == TaskPhase::starting)
        set(status_.why, why());
    return std::move(decision_);
}

TaskDecision receive(Task& task, const TaskRules& rules, Instant now) {
    TaskStep step(task, rules, now);
    step.receive();
    return step.finish();
}

TaskDecision step(Task& task, const TaskRules& rules, Instant now, const TaskInput& input) {
    if (const auto* heard = std::get_if<Heard>(&input))
        task.observed = heard->observed ? *heard->observed : wire::TaskObserved{};
    TaskStep step(task, rules, now);
    std::visit([&step](const auto& what) { step.apply(what); }, input);
    return step.finish();
}

}  // namespace drover::alloc_runner
