#include "driver-manager/core/inventory.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "driver-manager/core/clip.hpp"
#include "driver-manager/core/phases.hpp"

namespace drover::driver_manager {
namespace {

using Kind = Action::Kind;
using wire::RunPhase;

// What is long is told of so many incarnations, the newest; older ones have been heard of by then.
constexpr std::size_t kTellAll = 2;

// Names become directories: no slash, no control character, no leading dot.
bool is_plain_name(const std::string& name) {
    return !name.empty() && name.size() <= 128 && name.front() != '.' &&
           std::none_of(name.begin(), name.end(),
                        [](char c) { return c == '/' || c == 0x7f || static_cast<unsigned char>(c) < 0x20; });
}

std::string why_unusable(const wire::TaskCommand& command) {
    if (!is_plain_name(command.alloc) || !is_plain_name(command.task))
        return "the command's alloc and task must be names that can be a directory, got alloc \"" + command.alloc +
               "\" and task \"" + command.task + "\"";
    if (command.verb == wire::Verb::run && command.seq == 0)
        return "the command to run task " + command.task + " of alloc " + command.alloc + " names no incarnation";
    return {};
}

Action action(Kind kind, const TaskKey& key, std::uint64_t seq) {
    Action result;
    result.kind = kind;
    result.key = key;
    result.seq = seq;
    return result;
}

template <class Task>
bool any_live(const Task& task) {
    return std::any_of(task.incarnations.begin(), task.incarnations.end(),
                       [](const auto& entry) { return is_live(entry.second.seen.phase); });
}

template <class Task>
std::size_t count_ended(const Task& task) {
    const auto n = std::count_if(task.incarnations.begin(), task.incarnations.end(),
                                 [](const auto& entry) { return !is_live(entry.second.seen.phase); });
    return static_cast<std::size_t>(n);
}

template <class Task>
void raise_floor(const TaskKey& key, Task& task, std::uint64_t seq, Decision& decision) {
    if (seq <= task.floor) return;
    task.floor = seq;
    decision.actions.push_back(action(Kind::set_floor, key, seq));
}

// Says that incarnation `seen.seq` ended without ever having had files. The owner has moved on from an older one of
// that kind by the time it speaks of a newer, so the oldest makes room.
template <class Task>
void say_ended(Task& task, wire::IncarnationObserved seen) {
    if (count_ended(task) >= Inventory::kMaxEnded) {
        const auto oldest = std::find_if(task.incarnations.begin(), task.incarnations.end(),
                                         [](const auto& entry) { return !entry.second.launched; });
        if (oldest != task.incarnations.end()) task.incarnations.erase(oldest);
    }
    const std::uint64_t seq = seen.seq;
    task.incarnations[seq].seen = std::move(seen);
}

wire::IncarnationObserved never_started(const wire::TaskCommand& command) {
    wire::IncarnationObserved seen;
    seen.seq = command.seq;
    seen.id = command.incarnation;
    seen.phase = RunPhase::never_started;
    return seen;
}

wire::IncarnationObserved too_many_ended(const wire::TaskCommand& command) {
    wire::IncarnationObserved seen;
    seen.seq = command.seq;
    seen.id = command.incarnation;
    seen.phase = RunPhase::start_failed;
    seen.recoverable = true;
    seen.error = "cannot start task " + command.task + " of alloc " + command.alloc + ": " +
                 std::to_string(Inventory::kMaxEnded) +
                 " earlier runs of it have ended and are not yet recorded by the state-store; it starts again once the "
                 "state-store has caught up";
    return seen;
}

}  // namespace

void Inventory::adopt(const TaskKey& key, std::uint64_t floor,
                      const std::vector<wire::IncarnationObserved>& incarnations) {
    Task& task = tasks_[key];
    task.floor = std::max(task.floor, floor);
    for (const wire::IncarnationObserved& seen : incarnations) {
        Incarnation incarnation;
        incarnation.seen = seen;
        clip(incarnation.seen);
        incarnation.launched = true;
        task.incarnations[seen.seq] = std::move(incarnation);
        task.signalled = std::max(task.signalled, seen.signals_applied);
    }
}

Decision Inventory::command(const wire::TaskCommand& command) {
    Decision decision;
    decision.refused = why_unusable(command);
    if (!decision.refused.empty()) return decision;
    if (command.term < fence_) {
        decision.refused = "the command for task " + command.task + " of alloc " + command.alloc + " is of term " +
                           std::to_string(command.term) + ", but this node was told what to do under term " +
                           std::to_string(fence_);
        return decision;
    }
    fence_ = command.term;
    if (command.verb == wire::Verb::recall) return recall(command);
    const TaskKey key{command.alloc, command.task};
    const std::optional<wire::TaskObserved> before = observed(key);
    if (std::uint64_t& term = terms_[command.alloc]; command.term > term) {
        term = command.term;
        for (auto sibling = tasks_.lower_bound({command.alloc, ""});
             sibling != tasks_.end() && sibling->first.alloc == command.alloc; ++sibling)
            if (sibling->first != key && !sibling->second.destroyed) decision.changed.push_back(sibling->first);
    }
    Task& task = tasks_[key];
    // A destroyed task comes back only for an incarnation it has not had.
    if (task.destroyed && command.seq <= task.floor) return decision;
    if (task.destroyed) std::erase(destroyed_, key);
    task.destroyed = false;
    if (command.term > (task.standing ? task.standing->term : 0))
        decision.actions.push_back(action(Kind::set_fence, key, command.term));
    task.standing = command;
    ++accepted_;
    task.placed.reset();
    settle(key, task, decision);
    if (observed(key) != before) decision.changed.push_back(key);
    return decision;
}

Decision Inventory::report(const TaskKey& key, const wire::IncarnationObserved& state) {
    Decision decision;
    const auto task = tasks_.find(key);
    const std::string run = "run " + std::to_string(state.seq) + " of task " + key.task + " of alloc " + key.alloc;
    if (task == tasks_.end() || !task->second.incarnations.contains(state.seq)) {
        decision.refused = "a report about " + run + ", which is not known";
        return decision;
    }
    wire::IncarnationObserved& seen = task->second.incarnations[state.seq].seen;
    const bool same_phase = seen.phase == state.phase && is_live(state.phase);
    if (!same_phase && !may_follow(seen.phase, state.phase)) {
        decision.refused = run + " is " + std::string(to_string(seen.phase)) + " and cannot become " +
                           std::string(to_string(state.phase));
        return decision;
    }
    const std::optional<wire::TaskObserved> before = observed(key);
    wire::IncarnationObserved old = std::exchange(seen, state);
    if (seen.id.empty()) seen.id = old.id;
    // These never become untrue.
    seen.ready = seen.ready || old.ready;
    if (old.pre_kill_done && !seen.pre_kill_done) {
        seen.pre_kill_done = true;
        seen.pre_kill_error = std::move(old.pre_kill_error);
    }
    clip(seen);
    settle(key, task->second, decision);
    if (observed(key) != before) decision.changed.push_back(key);
    return decision;
}

Decision Inventory::rendered(const TaskKey& key, const wire::RenderObserved& now) {
    Decision decision;
    const auto task = tasks_.find(key);
    if (task == tasks_.end() || task->second.render == now) return decision;
    task->second.render = now;
    clip(task->second.render->what);
    clip(task->second.render->stale_why);
    clip(task->second.render->act_error);
    if (observed(key)) decision.changed.push_back(key);
    return decision;
}

// A question, whoever asks it.
Decision Inventory::recall(const wire::TaskCommand& command) {
    Decision decision;
    const TaskKey key{command.alloc, command.task};
    const auto task = tasks_.find(key);
    if (task == tasks_.end() || task->second.placed) return decision;
    const auto newest = task->second.incarnations.rbegin();
    if (newest == task->second.incarnations.rend() || !newest->second.launched) return recalled(key, "");
    decision.actions.push_back(action(Kind::recall, key, newest->first));
    return decision;
}

Decision Inventory::recalled(const TaskKey& key, std::string placed) {
    Decision decision;
    const auto task = tasks_.find(key);
    if (task == tasks_.end() || task->second.destroyed || task->second.placed == placed) return decision;
    task->second.placed = std::move(placed);
    decision.changed.push_back(key);
    return decision;
}

void Inventory::settle(const TaskKey& key, Task& task, Decision& decision) {
    if (!task.standing) return;
    settle_released(key, task, decision);
    switch (task.standing->verb) {
        case wire::Verb::run:
            settle_run(key, task, decision);
            settle_ready(key, task, decision);
            settle_pre_kill(key, task, decision);
            settle_signals(key, task, decision);
            break;
        case wire::Verb::stop: settle_stop(key, task, decision); break;
        case wire::Verb::destroy: settle_destroy(key, task, decision); break;
        case wire::Verb::recall: break;  // never stands
    }
}

// The floor rises with the release, because the files that proved that the incarnation had started go away.
void Inventory::settle_released(const TaskKey& key, Task& task, Decision& decision) {
    task.released = std::max(task.released, task.standing->released);
    raise_floor(key, task, task.released, decision);
    for (auto it = task.incarnations.begin(); it != task.incarnations.end() && it->first <= task.released;) {
        if (is_live(it->second.seen.phase)) {
            ++it;
            continue;
        }
        if (it->second.launched) decision.actions.push_back(action(Kind::release, key, it->first));
        it = task.incarnations.erase(it);
    }
}

void Inventory::settle_run(const TaskKey& key, Task& task, Decision& decision) {
    const wire::TaskCommand& command = *task.standing;
    if (command.seq <= task.released || task.incarnations.contains(command.seq)) return;
    const std::uint64_t newest = task.incarnations.empty() ? 0 : task.incarnations.rbegin()->first;
    if (command.seq <= std::max(task.floor, newest)) {
        say_ended(task, never_started(command));
        return;
    }
    if (any_live(task)) return;
    if (count_ended(task) >= kMaxEnded) {
        raise_floor(key, task, command.seq, decision);
        say_ended(task, too_many_ended(command));
        return;
    }
    Incarnation incarnation;
    incarnation.launched = true;
    incarnation.seen.seq = command.seq;
    incarnation.seen.id = command.incarnation;
    task.incarnations[command.seq] = std::move(incarnation);
    Action launch = action(Kind::launch, key, command.seq);
    launch.id = command.incarnation;
    decision.actions.push_back(std::move(launch));
}

void Inventory::settle_ready(const TaskKey& key, Task& task, Decision& decision) {
    const auto target = task.incarnations.find(task.standing->seq);
    if (target == task.incarnations.end() || target->second.seen.phase != RunPhase::running) return;
    Incarnation& incarnation = target->second;
    if (!task.standing->spec.ready) incarnation.seen.ready = true;
    if (incarnation.seen.ready || incarnation.probe_sent) return;
    incarnation.probe_sent = true;
    decision.actions.push_back(action(Kind::probe, key, target->first));
}

// Whoever waits for the script must not wait for ever: where there is none to run, or nothing to run it beside, it is
// over.
void Inventory::settle_pre_kill(const TaskKey& key, Task& task, Decision& decision) {
    const auto target = task.incarnations.find(task.standing->seq);
    if (!task.standing->pre_kill || target == task.incarnations.end()) return;
    Incarnation& incarnation = target->second;
    if (incarnation.seen.pre_kill_done || incarnation.pre_kill_sent) return;
    if (!task.standing->spec.pre_kill || incarnation.seen.phase != RunPhase::running) {
        incarnation.seen.pre_kill_done = true;
        return;
    }
    incarnation.pre_kill_sent = true;
    decision.actions.push_back(action(Kind::pre_kill, key, target->first));
}

void Inventory::settle_signals(const TaskKey& key, Task& task, Decision& decision) {
    const auto target = task.incarnations.find(task.standing->seq);
    if (target == task.incarnations.end() || target->second.seen.phase != RunPhase::running) return;
    task.signalled = std::max(task.signalled, target->second.seen.signals_applied);
    std::vector<wire::SignalOrder> orders = task.standing->signals;
    std::sort(orders.begin(), orders.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    for (const wire::SignalOrder& order : orders) {
        if (order.id <= task.signalled) continue;
        task.signalled = order.id;
        Action deliver = action(Kind::signal, key, target->first);
        deliver.signal = order.signal;
        deliver.order = order.id;
        decision.actions.push_back(std::move(deliver));
    }
}

void Inventory::settle_stop(const TaskKey& key, Task& task, Decision& decision) {
    const wire::TaskCommand& command = *task.standing;
    raise_floor(key, task, command.seq, decision);
    for (auto& [seq, incarnation] : task.incarnations) {
        if (seq > command.seq) break;
        if (!is_live(incarnation.seen.phase) || incarnation.stop_sent) continue;
        incarnation.stop_sent = true;
        Action stop = action(Kind::stop, key, seq);
        stop.signal = command.kill_signal;
        stop.timeout = command.kill_timeout;
        decision.actions.push_back(std::move(stop));
    }
    if (command.verb == wire::Verb::stop && command.seq > task.released && !task.incarnations.contains(command.seq))
        say_ended(task, never_started(command));
}

void Inventory::settle_destroy(const TaskKey& key, Task& task, Decision& decision) {
    // A destroy speaks of the whole task, so it also ends what is newer than the incarnation it names.
    if (!task.incarnations.empty())
        task.standing->seq = std::max(task.standing->seq, task.incarnations.rbegin()->first);
    settle_stop(key, task, decision);
    if (any_live(task)) return;
    for (const auto& [seq, incarnation] : task.incarnations)
        if (incarnation.launched) decision.actions.push_back(action(Kind::release, key, seq));
    decision.actions.push_back(action(Kind::destroy, key, 0));
    task.incarnations.clear();
    task.standing.reset();
    task.render.reset();
    task.destroyed = true;
    remember_destroyed(key);
}

void Inventory::remember_destroyed(const TaskKey& key) {
    destroyed_.push_back(key);
    if (destroyed_.size() <= kMaxDestroyed) return;
    const TaskKey oldest = destroyed_.front();
    destroyed_.erase(destroyed_.begin());
    tasks_.erase(oldest);
    const auto sibling = tasks_.lower_bound({oldest.alloc, ""});
    if (sibling == tasks_.end() || sibling->first.alloc != oldest.alloc) terms_.erase(oldest.alloc);
}

std::optional<wire::TaskObserved> Inventory::observed(const TaskKey& key) const {
    const auto task = tasks_.find(key);
    if (task == tasks_.end() || task->second.destroyed) return std::nullopt;
    return describe(key, task->second);
}

wire::TaskObserved Inventory::describe(const TaskKey& key, const Task& task) const {
    wire::TaskObserved result;
    result.alloc = key.alloc;
    result.task = key.task;
    const auto term = terms_.find(key.alloc);
    result.term = term == terms_.end() ? 0 : term->second;
    result.floor = task.floor;
    result.render = task.render;
    result.recalled = task.placed.has_value();
    result.placed = task.placed.value_or("");
    for (const auto& [seq, incarnation] : task.incarnations) result.incarnations.push_back(incarnation.seen);
    for (std::size_t i = 0; i + kTellAll < result.incarnations.size(); ++i) {
        result.incarnations[i].steps.clear();
        result.incarnations[i].last_output.clear();
        result.incarnations[i].pre_kill_error.clear();
        result.incarnations[i].ports.clear();
        result.incarnations[i].devices.clear();
        result.incarnations[i].driver_words.clear();
    }
    return result;
}

bool Inventory::keeps_place(const TaskKey& key) const {
    const auto task = tasks_.find(key);
    if (task == tasks_.end() || task->second.destroyed) return false;
    if (any_live(task->second) || !task->second.standing) return true;
    return task->second.standing->verb == wire::Verb::run || task->second.standing->keep_place;
}

std::uint64_t Inventory::at_rest(const TaskKey& key) const {
    const auto task = tasks_.find(key);
    if (task == tasks_.end() || task->second.incarnations.empty() || any_live(task->second)) return 0;
    return task->second.incarnations.rbegin()->first;
}

}  // namespace drover::driver_manager
