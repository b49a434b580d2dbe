// Tasks of allocs that the store does not know: what they were placed as is asked of their node when the store has lost
// records, and those that nobody will ever know are ended.
#include <algorithm>

#include "alloc-runner/core/brain.hpp"
#include "wire/codec.hpp"

namespace drover::alloc_runner {
namespace {

// Since the store lost records, how long a node that has yet to speak may change what is known; as far may clocks
// differ.
constexpr Duration kDoubt = minutes(1);

std::string name_of(const std::string& node, const TaskKey& key) {
    return "task " + key.second + " of alloc " + key.first + " on node " + node;
}

bool is_live(const wire::IncarnationObserved& run) {
    return run.phase == wire::RunPhase::starting || run.phase == wire::RunPhase::running;
}

Instant begin_of(const wire::IncarnationObserved& run) {
    if (!run.steps.empty()) return run.steps.front().began_at;
    return run.started_at.set() ? run.started_at : run.finished_at;
}

template <class Visit>
void each_task(const NodeView& view, const std::string& alloc, Visit visit) {
    for (auto it = view.tasks().lower_bound({alloc, ""}); it != view.tasks().end() && it->first.first == alloc; ++it)
        visit(it->second);
}

template <class Matches>
bool any_run(const NodeView& view, const std::string& alloc, Matches matches) {
    bool any = false;
    each_task(view, alloc, [&](const wire::TaskObserved& task) {
        any = any || std::any_of(task.incarnations.begin(), task.incarnations.end(), matches);
    });
    return any;
}

// What has ended, too, may have an end that nobody has recorded.
bool may_be_told_of(const NodeView& view, const std::string& alloc) {
    bool open = any_run(view, alloc, is_live);
    each_task(view, alloc, [&](const wire::TaskObserved& task) { open = open || !task.recalled; });
    return open;
}

// What the node keeps of the alloc.
std::optional<wire::AllocDesired> kept(const std::string& node, const NodeView& view, const std::string& alloc) {
    std::optional<wire::AllocDesired> found;
    each_task(view, alloc, [&](const wire::TaskObserved& task) {
        if (found || task.placed.empty()) return;
        auto placed = wire::decode<wire::AllocDesired>(task.placed);
        if (placed && placed->id == alloc && placed->node == node) found = std::move(*placed);
    });
    return found;
}

wire::TaskCommand make_command(const TaskKey& key, std::uint64_t term, wire::Verb verb) {
    wire::TaskCommand command;
    command.alloc = key.first;
    command.task = key.second;
    command.term = term;
    command.verb = verb;
    return command;
}

}  // namespace

// Tasks of allocs that nobody recorded are ended once it is certain that nobody will; at once when the store has
// removed the alloc. An alloc is recorded before any task of it begins, but whoever is cut off from the store does not
// hear of that: the time counts only while the store is heard. A store that knows no job at all has lost its memory
// rather than its jobs: then nothing is touched.
void Brain::settle_suspects(Instant now) {
    for (auto due = suspect_timers_.begin(); due != suspect_timers_.end() && due->first <= now; ++due)
        dirty_suspects_.insert(due->second);
    for (const auto& where : std::exchange(dirty_suspects_, {})) {
        const auto it = suspects_.find(where);
        if (it == suspects_.end()) continue;
        const auto& [node, key] = where;
        const wire::TaskObserved* observed = inventories_[node].find(key);
        const auto known = allocs_.find(key.first);
        if (!observed || (known != allocs_.end() && known->second.desired)) {
            acquit(node, key, it->second);
            wake_suspect(where, it->second, kNever);
            suspects_.erase(it);
            continue;
        }
        settle_suspect(node, key, *observed, it->second, now);
        const bool open = it->second.stage <= Suspect::Stage::asked;
        wake_suspect(where, it->second, open ? it->second.since + rules_.orphan_grace : kNever);
    }
}

void Brain::wake_suspect(const std::pair<std::string, TaskKey>& where, Suspect& suspect, Instant at) {
    if (suspect.wake_at == at) return;
    suspect_timers_.erase({suspect.wake_at, where});
    suspect.wake_at = at;
    if (at != kNever) suspect_timers_.insert({at, where});
}

void Brain::suspect(const std::string& node, const TaskKey& key) {
    const auto known = allocs_.find(key.first);
    if (known == allocs_.end() || !known->second.desired) suspects_.try_emplace({node, key});
    dirty_suspects_.insert({node, key});
}

void Brain::touch_suspects(const std::string& node, const std::string& alloc) {
    for (auto it = suspects_.lower_bound({node, {alloc, ""}});
         it != suspects_.end() && it->first.first == node && it->first.second.first == alloc; ++it)
        dirty_suspects_.insert(it->first);
}

void Brain::settle_suspect(const std::string& node, const TaskKey& key, const wire::TaskObserved& observed,
                           Suspect& suspect, Instant now) {
    using Stage = Suspect::Stage;
    if (!suspect.since.set() || !hears_store(now)) suspect.since = now;
    if (suspect.stage == Stage::condemned) return;
    const bool removed = collected_.contains(key.first);
    bool due = suspect.since + rules_.orphan_grace <= now;
    if (due) suspect.since = now;
    if (!mine(key.first)) return;
    if (removed) return condemn(node, key, observed, suspect);
    const NodeView& view = inventories_[node];
    const bool old = began_before_loss(view, key.first);
    if (old && suspect.stage == Stage::watched) {
        suspect.since = now;
        suspect.stage = Stage::asked;
        due = false;
        out_.commands[{node, key}] = make_command(key, term_, wire::Verb::recall);
    }
    if (suspect.stage == Stage::claimed) return;
    auto placed = suspect.stage == Stage::watched ? std::nullopt : kept(node, view, key.first);
    const bool lost = placed && placed->created_at < members_.complete_since;
    if (lost) {
        suspect.stage = Stage::claimed;
        return claim(std::move(*placed));
    }
    if (!due || suspect.stage == Stage::spared) return;
    if (old && !placed && may_be_told_of(view, key.first)) {
        suspect.stage = Stage::spared;
        out_.explanations.push_back(
            name_of(node, key) +
            " belongs to no alloc the store knows, which has lost records since it began, and "
            "its node does not say to which: it is left alone; kill its process to be rid of it");
    } else if (!wanted_.empty()) {
        condemn(node, key, observed, suspect);
        out_.explanations.push_back(name_of(node, key) +
                                    " belongs to no alloc the store knows: it is ended and removed");
    }
}

void Brain::condemn(const std::string& node, const TaskKey& key, const wire::TaskObserved& observed, Suspect& suspect) {
    suspect.stage = Suspect::Stage::condemned;
    wire::TaskCommand command = make_command(key, term_, wire::Verb::destroy);
    command.seq = std::max(newest_known(observed), observed.floor);
    command.released = command.seq;
    command.kill_timeout = seconds(5);
    out_.commands[{node, key}] = std::move(command);
}

// It is recorded again.
void Brain::claim(wire::AllocDesired alloc) {
    alloc.desired = wire::Desired::run;
    alloc.reason.clear();
    alloc.no_shutdown_delay = false;
    alloc.term = term_;
    if (!out_.proposals.contains(alloc.id))
        out_.explanations.push_back("alloc " + alloc.id + " of job " + alloc.job +
                                    " was lost by the store, but its node " + alloc.node +
                                    " has it: it is recorded again");
    const std::string id = alloc.id;
    out_.proposals[id] = std::move(alloc);
}

// What was said about it is not said any more, unless the alloc's life has taken over.
void Brain::acquit(const std::string& node, const TaskKey& key, const Suspect& suspect) {
    if (suspect.stage == Suspect::Stage::watched) return;
    const auto known = allocs_.find(key.first);
    const bool taken_over = known != allocs_.end() && known->second.commanded.contains(key.second);
    if (!taken_over) out_.commands[{node, key}] = std::nullopt;
    if (suspect.stage == Suspect::Stage::claimed && !proposals_.contains(key.first))
        out_.proposals[key.first] = std::nullopt;
}

bool Brain::began_before_loss(const NodeView& view, const std::string& alloc) const {
    if (!members_.complete_since.set()) return false;
    return any_run(view, alloc, [this](const wire::IncarnationObserved& run) {
        const Instant begin = begin_of(run);
        return begin.set() ? begin < members_.complete_since + kDoubt : is_live(run);
    });
}

// A place that the store knows to be empty may be taken all the same. Until when nothing is placed; unset: from now on
// anything may be.
Instant Brain::doubt_until(Instant now) const {
    // The store's clock may be far ahead of this one, or this one be set back: nobody waits longer for that.
    const Instant loss = std::min(members_.complete_since, loss_heard_at_);
    if (!loss.set() || now >= loss + kDoubt) return {};
    const auto open = [this](const auto& entry) {
        const auto& [node, key] = entry.first;
        const auto view = inventories_.find(node);
        return entry.second.stage <= Suspect::Stage::claimed && view != inventories_.end() &&
               !collected_.contains(key.first) && began_before_loss(view->second, key.first);
    };
    const auto silent = [this](const auto& entry) {
        const auto view = inventories_.find(entry.first);
        return entry.second.state == wire::NodeState::ready && (view == inventories_.end() || !view->second.whole());
    };
    if (std::any_of(suspects_.begin(), suspects_.end(), open) || std::any_of(nodes_.begin(), nodes_.end(), silent))
        return loss + kDoubt;
    const auto old = [&](const auto& entry) { return entry.second.submitted_at < members_.complete_since; };
    if (now < loss + rules_.settling && std::any_of(wanted_.begin(), wanted_.end(), old)) return loss + rules_.settling;
    return {};
}

void Brain::settle_doubt(Instant now) {
    if (!loss_heard_at_.set()) loss_heard_at_ = now;
    const Instant until = doubt_until(now);
    if (std::exchange(doubt_until_, until).set() && !until.set()) touch_waiting_jobs();
}

}  // namespace drover::alloc_runner
