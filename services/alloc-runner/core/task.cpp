#include "alloc-runner/core/task.hpp"

#include <algorithm>
#include <utility>

#include "alloc-runner/core/events.hpp"
#include "alloc-runner/core/restart.hpp"

namespace drover::alloc_runner {
namespace {

using wire::IncarnationObserved;
using wire::RunPhase;
using wire::TaskState;

// Below what a driver-manager keeps, so that starts wait here, with a reason, instead of failing there.
constexpr std::size_t kMaxUnrecorded = 48;

const IncarnationObserved* find(const wire::TaskObserved& observed, std::uint64_t seq) {
    const auto at = std::find_if(observed.incarnations.begin(), observed.incarnations.end(),
                                 [seq](const IncarnationObserved& one) { return one.seq == seq; });
    return at == observed.incarnations.end() ? nullptr : &*at;
}

// One step at work.
class Step {
   public:
    Step(Task& task, const TaskRules& rules, Instant now)
        : task_(task), status_(task.status), rules_(rules), now_(now) {}

    void receive();
    void apply(const Kill& kill);
    void apply(const Orders& orders);
    void apply(const Heard& heard);
    void apply(const Wake& wake);
    TaskDecision finish();

   private:
    template <class T>
    void set(T& field, T value) {
        if (field == value) return;
        field = std::move(value);
        decision_.changed = true;
    }
    void enter(TaskPhase to);
    void die(Instant at);
    void say(events::Words words, Instant time);
    void say(events::Words words) { say(std::move(words), now_); }
    Instant believable(Instant time) const { return time.set() && time < now_ ? time : now_; }

    void number(std::uint64_t seq);
    void begin(std::uint64_t seq);
    void reach(const IncarnationObserved& one);
    void leave_behind(bool successor);
    void take(const IncarnationObserved& one, bool successor);
    void see_running(const IncarnationObserved& one);
    void see_signals(const IncarnationObserved& one);
    void see_end(const wire::ExitRecord& exit, Instant at, bool successor);
    void see_start_failure(const IncarnationObserved& one, bool successor);
    void lose(bool successor);
    void settle_absent();
    void conclude(const Ending& ending, Instant at, bool successor);
    std::string why() const;

    Task& task_;
    wire::TaskStatus& status_;
    const TaskRules& rules_;
    Instant now_;
    TaskDecision decision_;
};

void Step::enter(TaskPhase to) {
    check_edge(kTaskEdges, status_.phase, to, rules_.edges);
    status_.phase = to;
    decision_.changed = true;
}

void Step::die(Instant at) {
    enter(TaskPhase::dead);
    status_.state = TaskState::dead;
    status_.finished_at = at;
}

void Step::say(events::Words words, Instant time) {
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

void Step::receive() {
    status_.window_start = now_;
    say(events::received());
}

// The killed flag comes before everything, so that no exit seen from now on is judged by the restart policy. A task
// that has no incarnation gets the next number, so that the driver-manager can promise that it never starts.
void Step::apply(const Kill& kill) {
    if (status_.killed || status_.phase == TaskPhase::dead) return;
    status_.killed = true;
    status_.restarting = false;
    if (kill.cause == Kill::Cause::sibling_failed) say(events::sibling_failed(kill.sibling));
    if (kill.cause == Kill::Cause::leader_dead) say(events::leader_dead());
    say(events::killing(kill_timeout(rules_)));
    if (!has_process(status_.phase)) number(status_.seq + 1);
    if (status_.phase != TaskPhase::stopping) enter(TaskPhase::stopping);
}

void Step::apply(const Orders& orders) {
    task_.signals = orders.signals;
    if (orders.restarts <= status_.restart_order) return;
    set(status_.restart_order, orders.restarts);
    if (status_.phase != TaskPhase::running) return;
    status_.restarting = true;
    say(events::restart_signaled());
    enter(TaskPhase::stopping);
}

// Conclusions are drawn only from an observation that acknowledges this term: until then an older alloc-runner, cut off
// but alive, may still be obeyed, and what is seen may not be all there is.
void Step::apply(const Heard&) {
    const wire::TaskObserved& observed = *task_.observed;
    if (observed.term != rules_.term) return;
    const auto& all = observed.incarnations;
    for (auto one = all.begin(); one != all.end(); ++one) {
        if (one->seq < status_.seq || (one->seq == status_.seq && !has_process(status_.phase))) continue;
        const bool proven = one->phase != RunPhase::never_started;
        if (one->seq > status_.seq) {
            if (has_process(status_.phase)) {
                if (find(observed, status_.seq)) break;
                leave_behind(proven);
            }
            if (status_.phase == TaskPhase::dead) break;
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
void Step::leave_behind(bool successor) {
    if (status_.state == TaskState::running)
        lose(successor);
    else if (status_.phase == TaskPhase::starting)
        enter(TaskPhase::pending);
}

// Makes an incarnation that an earlier owner started the current one.
void Step::reach(const IncarnationObserved& one) {
    if (status_.phase == TaskPhase::stopping) {
        number(one.seq);
        return;
    }
    begin(one.seq);
    if (status_.killed) enter(TaskPhase::stopping);
}

void Step::number(std::uint64_t seq) {
    set(status_.seq, seq);
    set(status_.incarnation, incarnation_id(rules_.alloc.id, status_.name, seq));
}

void Step::begin(std::uint64_t seq) {
    number(seq);
    const bool nothing_but_received = status_.events == 1;
    if (nothing_but_received) say(events::task_setup());
    status_.finished_at = {};
    status_.next_attempt = {};
    enter(TaskPhase::starting);
}

void Step::take(const IncarnationObserved& one, bool successor) {
    switch (one.phase) {
        case RunPhase::starting: break;
        case RunPhase::running:
            see_running(one);
            see_signals(one);
            break;
        case RunPhase::exited:
            see_running(one);
            see_signals(one);
            see_end(one.exit, believable(one.finished_at), successor);
            break;
        case RunPhase::start_failed: see_start_failure(one, successor); break;
        case RunPhase::never_started: break;
    }
}

void Step::see_running(const IncarnationObserved& one) {
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
    say(events::started(), status_.started_at);
}

void Step::see_signals(const IncarnationObserved& one) {
    for (const wire::SignalOrder& order : task_.signals) {
        if (order.id <= status_.signal_order || order.id > one.signals_applied) continue;
        status_.signal_order = order.id;
        const bool last = order.id == one.signals_applied;
        say(events::signaling(order.signal, last ? one.signal_error : ""));
    }
}

void Step::see_end(const wire::ExitRecord& exit, Instant at, bool successor) {
    status_.exit = exit;
    status_.pid = 0;
    say(events::terminated(exit), at);
    conclude({exit, true}, at, successor);
}

void Step::see_start_failure(const IncarnationObserved& one, bool successor) {
    const Instant at = believable(one.finished_at);
    if (status_.killed && !successor) return die(now_);
    say(events::driver_failure(one.error), at);
    conclude({std::nullopt, one.recoverable}, at, successor);
}

void Step::lose(bool successor) {
    wire::ExitRecord exit;
    exit.code = -1;
    exit.error = "node " + rules_.alloc.node + " has no record of this run any more, so how it ended is unknown";
    see_end(exit, now_, successor);
}

void Step::settle_absent() {
    const wire::TaskObserved& observed = *task_.observed;
    if (!has_process(status_.phase)) return;
    const IncarnationObserved* one = find(observed, status_.seq);
    if (one && one->phase != RunPhase::never_started) return;
    if (status_.state == TaskState::running) return lose(false);
    if (observed.floor < status_.seq) return;
    if (status_.phase == TaskPhase::starting)
        enter(TaskPhase::pending);
    else
        die(now_);
}

// A later incarnation proves that an earlier owner decided for a restart, for reasons that died with it.
void Step::conclude(const Ending& ending, Instant at, bool successor) {
    Verdict verdict = judge(status_, rules_.alloc.group.restart, rules_.alloc.type, ending, at);
    if (successor && verdict.kind != Verdict::Kind::restarting) verdict = {Verdict::Kind::restarting, "", {}};
    switch (verdict.kind) {
        case Verdict::Kind::killed:
            say(events::killed());
            die(at);
            break;
        case Verdict::Kind::terminated: die(at); break;
        case Verdict::Kind::not_restarting:
            say(events::not_restarting(verdict), at);
            status_.failed = true;
            die(at);
            break;
        case Verdict::Kind::restarting:
            ++status_.restarts;
            status_.last_restart = at;
            status_.state = TaskState::pending;
            status_.next_attempt = at + verdict.delay;
            say(events::restarting(verdict), at);
            enter(TaskPhase::backoff);
            break;
    }
}

void Step::apply(const Wake&) {
    if (!task_.observed) return;
    if (status_.phase != TaskPhase::pending && status_.phase != TaskPhase::backoff) return;
    const wire::TaskObserved& observed = *task_.observed;
    if (newest_known(observed) > status_.seq || observed.incarnations.size() >= kMaxUnrecorded) return;
    if (status_.next_attempt > now_) return;
    begin(std::max(status_.seq, observed.floor) + 1);
}

std::string Step::why() const {
    switch (status_.phase) {
        case TaskPhase::running:
        case TaskPhase::dead: return "";
        case TaskPhase::starting: return "waits for node " + rules_.alloc.node + " to start it";
        case TaskPhase::stopping:
            return status_.state == TaskState::running
                       ? "waits for its process to end"
                       : "waits for node " + rules_.alloc.node + " to confirm that it will not start";
        case TaskPhase::pending:
        case TaskPhase::backoff: break;
    }
    if (!task_.observed) return "waits for the inventory of node " + rules_.alloc.node;
    if (task_.observed->incarnations.size() >= kMaxUnrecorded)
        return "waits for the state-store to record its earlier runs";
    return status_.phase == TaskPhase::backoff ? "waits out its restart delay" : "waits to be started";
}

TaskDecision Step::finish() {
    if (status_.phase == TaskPhase::backoff && status_.next_attempt > now_) decision_.wake_at = status_.next_attempt;
    const bool waits = status_.phase == TaskPhase::pending || status_.phase == TaskPhase::backoff;
    if (decision_.changed || waits) set(status_.why, why());
    return std::move(decision_);
}

}  // namespace

TaskDecision receive(Task& task, const TaskRules& rules, Instant now) {
    Step step(task, rules, now);
    step.receive();
    return step.finish();
}

TaskDecision step(Task& task, const TaskRules& rules, Instant now, const TaskInput& input) {
    if (const auto* heard = std::get_if<Heard>(&input))
        task.observed = heard->observed ? *heard->observed : wire::TaskObserved{};
    Step step(task, rules, now);
    std::visit([&step](const auto& what) { step.apply(what); }, input);
    return step.finish();
}

}  // namespace drover::alloc_runner
