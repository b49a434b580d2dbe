// What lies between the wish to end a process and its signal, and what templates wish for.
#include "alloc-runner/core/task_step.hpp"

namespace drover::alloc_runner {
namespace {

using wire::StopStage;

// Beyond the script's own timeout, which the driver-manager enforces; then its answer is not waited for any more.
constexpr Duration kPreKillGrace = seconds(5);

}  // namespace

// A process that only may come to be is stopped at once: there is nothing to be gentle with.
void TaskStep::advance_stop() {
    if (status_.phase != TaskPhase::stopping) return;
    if (status_.state != wire::TaskState::running) return set(status_.stop_stage, StopStage::signal);
    if (status_.stop_stage == StopStage::none) {
        if (rules_.hold) return;
        if (!rules_.spec.pre_kill) return begin_shutdown_delay();
        set(status_.stop_stage, StopStage::pre_kill);
        status_.stop_at = now_ + longest_stage();
    }
    if (status_.stop_stage == StopStage::pre_kill) {
        const wire::IncarnationObserved* one = current();
        const bool done = one && one->pre_kill_done;
        if (!done && now_ < status_.stop_at) return wake(status_.stop_at);
        const std::string error = done ? one->pre_kill_error : "its node has not told how it ended";
        if (!error.empty()) say(events::hook_failed("pre_kill", error));
        return begin_shutdown_delay();
    }
    if (status_.stop_stage != StopStage::delay) return;
    if (now_ < status_.stop_at && !skips_delay()) return wake(status_.stop_at);
    if (now_ < status_.stop_at) say(events::skipping_shutdown_delay(rules_.spec.shutdown_delay));
    set(status_.stop_stage, StopStage::signal);
}

// That the stage of a stop may take.
Duration TaskStep::longest_stage() const {
    switch (status_.stop_stage) {
        case StopStage::pre_kill:
            return rules_.spec.pre_kill ? rules_.spec.pre_kill->timeout + kPreKillGrace : Duration{};
        case StopStage::delay: return rules_.spec.shutdown_delay;
        case StopStage::none:
        case StopStage::signal: break;
    }
    return {};
}

void TaskStep::limit_stop() {
    const Instant latest = now_ + longest_stage();
    if (status_.stop_at > latest) set(status_.stop_at, latest);
}

bool TaskStep::skips_delay() const { return status_.hurried || (status_.killed && rules_.no_shutdown_delay); }

void TaskStep::begin_shutdown_delay() {
    const Duration delay = rules_.spec.shutdown_delay;
    if (delay.ns > 0 && skips_delay()) say(events::skipping_shutdown_delay(delay));
    if (delay.ns <= 0 || skips_delay()) return set(status_.stop_stage, StopStage::signal);
    set(status_.stop_stage, StopStage::delay);
    status_.stop_at = now_ + delay;
    say(events::waiting_for_shutdown_delay(delay));
    wake(status_.stop_at);
}

// A task that is not up reads the new files when it starts; one that is on its way up may have read the old ones.
void TaskStep::follow_templates() {
    if (!task_.observed || !task_.observed->render || task_.observed->term != rules_.term) return;
    const wire::RenderObserved& render = *task_.observed->render;
    set(status_.stale_since, render.stale_since);
    tell_act_failures(render);
    if (render.number > status_.rendered && status_.phase != TaskPhase::starting) {
        if (status_.phase != TaskPhase::running) {
            set(status_.rendered, render.number);
        } else if (now_ < render.due_at) {
            wake(render.due_at);
        } else if (render.mode != wire::ChangeMode::restart || rules_.may_change) {
            set(status_.rendered, render.number);
            if (render.mode == wire::ChangeMode::signal) say(events::signaling(render.signal, "Template re-rendered"));
            if (render.mode == wire::ChangeMode::restart) restart(events::kTemplateRestart);
        }
    }
    follow_staleness(render);
}

// Once for all that have failed since it was told last; of those the latest is known.
void TaskStep::tell_act_failures(const wire::RenderObserved& render) {
    if (render.act_failures <= status_.act_failures) return;
    set(status_.act_failures, render.act_failures);
    if (status_.phase != TaskPhase::dead) say(events::hook_failed("template", render.act_error));
}

// Acts once on each time that the sources go away.
void TaskStep::follow_staleness(const wire::RenderObserved& render) {
    if (!render.stale_since.set() || render.on_stale == wire::OnStale::keep) return;
    if (status_.phase != TaskPhase::running || status_.stale_done == render.stale_since) return;
    if (now_ < render.stale_due) return wake(render.stale_due);
    set(status_.stale_done, render.stale_since);
    const std::string reason = "its templates are stale: " + render.stale_why;
    if (render.on_stale == wire::OnStale::restart) return restart(reason);
    say(events::killing(kill_timeout(rules_), reason));
    end_for_good();
}

bool wants_change(const Task& task, Instant now) {
    if (!task.observed || !task.observed->render || task.status.phase != TaskPhase::running) return false;
    const wire::RenderObserved& render = *task.observed->render;
    return render.mode == wire::ChangeMode::restart && render.number > task.status.rendered && now >= render.due_at;
}

}  // namespace drover::alloc_runner
