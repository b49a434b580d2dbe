// What a task concludes from what its node says of it.
#include <algorithm>

#include "alloc-runner/core/task_step.hpp"

namespace drover::alloc_runner {
namespace {

using wire::IncarnationObserved;
using wire::RunPhase;
using wire::TaskState;

const IncarnationObserved* find(const wire::TaskObserved& observed, std::uint64_t seq) {
    const auto at = std::find_if(observed.incarnations.begin(), observed.incarnations.end(),
                                 [seq](const IncarnationObserved& one) { return one.seq == seq; });
    return at == observed.incarnations.end() ? nullptr : &*at;
}

// Bits of TaskStatus::setup_told: a step's beginning, its failure, what it waits for; and of its directory's end.
std::uint32_t begun_bit(wire::SetupKind kind) { return 1U << static_cast<unsigned>(kind); }
std::uint32_t failed_bit(wire::SetupKind kind) { return begun_bit(kind) << 8U; }
constexpr std::uint32_t kWaitsBit = 1U << 16U;
constexpr std::uint32_t kGoneBit = 1U << 17U;

}  // namespace

// Conclusions are drawn only from an observation that acknowledges this term: until then an older alloc-runner, cut off
// but alive, may still be obeyed, and what is seen may not be all there is.
void TaskStep::apply(const Heard&) {
    const wire::TaskObserved& observed = *task_.observed;
    if (observed.term != rules_.term) return;
    const auto& all = observed.incarnations;
    for (auto one = all.begin(); one != all.end(); ++one) {
        if (one->seq < status_.seq || (one->seq == status_.seq && !has_process(status_.phase))) continue;
        const bool proven = one->phase != RunPhase::never_started;
        if (one->seq > status_.seq) {
            if (has_process(status_.phase)) {
                // Those that will never start hold up nothing that did.
                const IncarnationObserved* mine = find(observed, status_.seq);
                if (mine && mine->phase != RunPhase::never_started) break;
                if (mine && !proven) continue;
                leave_behind(proven);
            }
            if (status_.phase == TaskPhase::dead && !proven) break;
            if (!proven && status_.phase != TaskPhase::stopping) {
                number(one->seq);
                continue;
            }
            reach(*one);
        }
        take(*one, std::any_of(one + 1, all.end(), [](const IncarnationObserved& later) {
            return later.phase != RunPhase::never_started;
        }));
    }
    settle_absent();
}

// The current incarnation is not there, but a later one is: an earlier owner went on from it.
void TaskStep::leave_behind(bool successor) {
    if (status_.state == TaskState::running)
        lose(successor);
    else if (status_.phase == TaskPhase::starting)
        enter(TaskPhase::pending);
}

// Makes an incarnation that an earlier owner started the current one. Only an order to begin again starts a task that
// had ended; one that was killed then is to end all the same.
void TaskStep::reach(const IncarnationObserved& one) {
    if (status_.phase == TaskPhase::stopping) {
        number(one.seq);
        return;
    }
    const bool revived = status_.phase == TaskPhase::dead;
    if (revived) revive();
    begin(one.seq);
    if (!status_.killed) return;
    if (revived) say(events::killing(kill_timeout(rules_), ""));
    enter(TaskPhase::stopping);
}

void TaskStep::take(const IncarnationObserved& one, bool successor) {
    const bool up = one.seq == status_.seq && status_.state == TaskState::running;
    if (one.phase != RunPhase::never_started && !status_.killed && !up) see_setup(one);
    if (one.phase != RunPhase::never_started) {
        set(status_.ports, one.ports);
        set(status_.devices, one.devices);
    }
    if (one.seq == status_.seq && one.phase != RunPhase::never_started) tell_words(one);
    switch (one.phase) {
        case RunPhase::starting: break;
        case RunPhase::running:
            see_running(one);
            see_signals(one);
            see_sessions(one);
            if (!one.directory_gone.empty() && first_told(kGoneBit)) say(events::directory_gone(one.directory_gone));
            break;
        case RunPhase::exited:
            see_running(one);
            see_signals(one);
            see_sessions(one);
            see_end(one.exit, one.last_output, believable(one.finished_at), successor);
            break;
        case RunPhase::start_failed: see_start_failure(one, successor); break;
        case RunPhase::never_started: break;
    }
}

bool TaskStep::first_told(std::uint32_t bit) {
    if ((status_.setup_told & bit) != 0) return false;
    set(status_.setup_told, status_.setup_told | bit);
    return true;
}

void TaskStep::tell_words(const IncarnationObserved& one) {
    for (const wire::DriverWord& word : one.driver_words) {
        if (word.number <= status_.driver_words) continue;
        set(status_.driver_words, word.number);
        say(events::driver(word.message), believable(word.at));
    }
}

void TaskStep::see_setup(const IncarnationObserved& one) {
    for (const wire::SetupStep& step : one.steps) see_step(step);
    const bool rendering = !one.steps.empty() && one.steps.back().kind == wire::SetupKind::templates;
    if (rendering && !one.waits.empty() && first_told(kWaitsBit)) say(events::template_missing(one.waits));
}

void TaskStep::see_step(const wire::SetupStep& step) {
    if (step.kind == wire::SetupKind::directory && step.over && step.error.empty())
        see_directory(step.began_at, step.took);
    if (step.kind == wire::SetupKind::artifacts && first_told(begun_bit(step.kind)))
        say(events::downloading_artifacts(), believable(step.began_at));
    if (step.over && !step.error.empty() && first_told(failed_bit(step.kind)))
        say(events::setup_step_failed(step.kind, step.error), believable(step.began_at + step.took));
}

// It is one task's for all of its runs, so it is told of once; of one that is killed, what started it is not.
void TaskStep::see_directory(Instant began_at, Duration took) {
    if (first_told(kDirectoryTold) && !status_.killed) say(events::task_setup(took), believable(began_at));
}

void TaskStep::see_running(const IncarnationObserved& one) {
    set(status_.ready, one.ready);
    if (status_.state == TaskState::running) {
        set(status_.pid, one.pid);
        return;
    }
    if (status_.phase == TaskPhase::starting) enter(TaskPhase::running);
    status_.state = TaskState::running;
    status_.started_at = believable(one.started_at);
    status_.pid = one.pid;
    // Signals ordered before it ran were not meant for it.
    if (!task_.signals.empty()) status_.signal_order = std::max(status_.signal_order, task_.signals.back().id);
    see_directory(status_.started_at, {});
    say(events::started(one.steps), status_.started_at);
}

void TaskStep::see_signals(const IncarnationObserved& one) {
    for (const wire::SignalOrder& order : task_.signals) {
        if (order.id <= status_.signal_order || order.id > one.signals_applied) continue;
        status_.signal_order = order.id;
        const bool last = order.id == one.signals_applied;
        say(events::signaling(order.signal, last ? one.signal_error : ""));
    }
}

void TaskStep::see_sessions(const IncarnationObserved& one) {
    for (const wire::SessionNote& note : one.sessions) {
        if (note.number <= status_.session_notes) continue;
        const std::uint64_t untold = note.number - status_.session_notes - 1;
        if (untold > 0) say(events::sessions_untold(untold));
        status_.session_notes = note.number;
        say(events::session(note), believable(note.at));
    }
}

void TaskStep::see_end(const wire::ExitRecord& exit, const std::string& last_output, Instant at, bool successor) {
    status_.exit = exit;
    status_.pid = 0;
    status_.last_output = last_output;
    say(events::terminated(exit), at);
    conclude({exit, true}, at, successor);
}

void TaskStep::see_start_failure(const IncarnationObserved& one, bool successor) {
    const Instant at = believable(one.finished_at);
    if (status_.killed && !successor) return die(now_);
    const auto broken = std::find_if(one.steps.begin(), one.steps.end(),
                                     [](const wire::SetupStep& step) { return !step.error.empty(); });
    const bool told = !status_.killed && broken != one.steps.end();
    if (!told || broken->kind != wire::SetupKind::directory) see_directory(at, {});
    if (!told) say(events::driver_failure(one.error), at);
    conclude({std::nullopt, one.recoverable}, at, successor);
}

void TaskStep::lose(bool successor) {
    wire::ExitRecord exit;
    exit.code = -1;
    exit.error = "node " + rules_.alloc.node + " has no record of this run any more, so how it ended is unknown";
    see_end(exit, "", now_, successor);
}

void TaskStep::settle_absent() {
    const wire::TaskObserved& observed = *task_.observed;
    if (!has_process(status_.phase)) return;
    const IncarnationObserved* one = find(observed, status_.seq);
    if (one && one->phase != RunPhase::never_started) return;
    if (status_.state == TaskState::running) return lose(false);
    if (observed.floor < status_.seq) return;
    if (status_.phase == TaskPhase::starting || std::exchange(status_.restarting, false))
        enter(TaskPhase::pending);
    else
        die(now_);
}

// A later incarnation proves that an earlier owner decided for a restart, for reasons that died with it.
void TaskStep::conclude(const policy::Ending& ending, Instant at, bool successor) {
    using Kind = policy::Verdict::Kind;
    const policy::Rules rules = policy::rules_of(rules_.alloc.type, rules_.alloc.group, rules_.spec);
    policy::Verdict verdict = policy::judge(status_, rules, ending, at);
    if (successor && verdict.kind != Kind::restarting) verdict = {Kind::restarting, "", {}};
    switch (verdict.kind) {
        case Kind::killed:
            say(events::killed());
            die(at);
            break;
        case Kind::terminated: die(at); break;
        case Kind::not_restarting:
            say(events::not_restarting(verdict), at);
            status_.failed = true;
            die(at);
            break;
        case Kind::restarting:
            ++status_.restarts;
            status_.last_restart = at;
            status_.state = TaskState::pending;
            status_.next_attempt = at + verdict.delay;
            status_.stop_stage = wire::StopStage::none;
            say(events::restarting(verdict), at);
            enter(TaskPhase::backoff);
            break;
    }
}

}  // namespace drover::alloc_runner
