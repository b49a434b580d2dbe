#include "alloc-runner/core/brain.hpp"

#include <algorithm>

#include "alloc-runner/core/ownership.hpp"

namespace drover::alloc_runner {

bool Brain::mine(const std::string& job) const {
    if (term_ == 0) return false;
    const wire::Member* member = owner(job, members_);
    return member && member->id == rules_.id && member->boot == rules_.boot;
}

const Alloc* Brain::alloc(const std::string& id) const {
    const auto known = allocs_.find(id);
    return known == allocs_.end() || !known->second.life ? nullptr : &*known->second.life;
}

Statements Brain::settle(Instant now) {
    if (state_known_) {
        settle_term();
        settle_nodes(now);
        for (const std::string& id : std::exchange(dirty_allocs_, {})) settle_alloc(id, now);
        while (!timers_.empty() && timers_.begin()->first <= now) {
            const std::string id = timers_.begin()->second;
            Known& known = allocs_.at(id);
            sleep(id, known, kNever);
            step(id, known, now, Wake{});
        }
        settle_changes(now);
        settle_suspects(now);
        settle_doubt(now);
        if (!dirty_jobs_.empty()) {
            Nodes nodes = count_nodes();
            while (!dirty_jobs_.empty())
                for (const std::string& name : std::exchange(dirty_jobs_, {})) settle_job(name, nodes, now);
        }
    }
    return std::exchange(out_, {});
}

Instant Brain::wake_at() const {
    Instant first = timers_.empty() ? kNever : timers_.begin()->first;
    for (const auto* due : {&drain_deadlines_, &losses_})
        if (state_known_ && !due->empty()) first = std::min(first, due->begin()->first);
    if (!suspect_timers_.empty()) first = std::min(first, suspect_timers_.begin()->first);
    if (doubt_until_.set()) first = std::min(first, doubt_until_);
    return first;
}

// What was said under another term is not true any more.
void Brain::settle_term() {
    const auto& runners = members_.alloc_runners;
    const bool member = std::any_of(runners.begin(), runners.end(), [this](const wire::Member& one) {
        return one.id == rules_.id && one.boot == rules_.boot;
    });
    const std::uint64_t term = member ? members_.generation : 0;
    if (term == term_) return;
    term_ = term;
    for (auto& [id, known] : allocs_) end_life(id, known);
    for (const auto& [id, proposal] : std::exchange(proposals_, {})) out_.proposals[id] = std::nullopt;
    for (const auto& [key, suspect] : suspects_) acquit(key.first, key.second, suspect);
    for (auto& [key, suspect] : suspects_) {
        suspect.since = {};
        suspect.stage = Suspect::Stage::watched;
        dirty_suspects_.insert(key);
    }
    touch_everything();
}

void Brain::settle_alloc(const std::string& id, Instant now) {
    const auto at = allocs_.find(id);
    if (at == allocs_.end() || !at->second.desired) return;
    Known& known = at->second;
    if (!mine(known.desired->job)) return end_life(id, known);
    if (!known.life) begin_life(known);
    if (std::exchange(known.new_desired, false)) step(id, known, now, Wanted{*known.desired});
    if (std::exchange(known.new_order, false)) step(id, known, now, Ordered{known.order});
    if (std::exchange(known.new_status, false)) step(id, known, now, Recorded{*known.status});
    observe(id, known, now);
}

void Brain::begin_life(Known& known) {
    const wire::AllocStatus* status = known.status ? &*known.status : nullptr;
    known.observing = false;
    known.life.emplace(*known.desired, status,
                       AllocRules{term_, rules_.max_kill_timeout, rules_.task_edges, rules_.alloc_edges});
    known.new_desired = true;
    known.new_order = true;
}

void Brain::end_life(const std::string& id, Known& known) {
    if (!known.life) return;
    const std::string& node = known.desired->node;
    for (const std::string& task : std::exchange(known.commanded, {}))
        out_.commands[{node, TaskKey{id, task}}] = std::nullopt;
    if (std::exchange(known.reporting, false)) out_.reports[id] = std::nullopt;
    sleep(id, known, kNever);
    changing_.erase(id);
    known.life.reset();
}

// A life begins with the whole inventory of its node: what is missing then does not exist.
void Brain::observe(const std::string& id, Known& known, Instant now) {
    const auto at = inventories_.find(known.desired->node);
    if (at == inventories_.end()) return;
    const NodeView& view = at->second;
    if (!known.observing) {
        if (!view.whole()) return;
        known.observing = true;
        for (const wire::TaskSpec& task : known.desired->group.tasks) known.fresh.insert(task.name);
    }
    Observations news;
    for (const std::string& task : std::exchange(known.fresh, {})) {
        const wire::TaskObserved* observed = view.find({id, task});
        if (observed)
            news.emplace_back(task, observed);
        else if (view.whole())
            news.emplace_back(task, nullptr);
    }
    if (!news.empty()) step(id, known, now, news);
}

void Brain::step(const std::string& id, Known& known, Instant now, const AllocInput& input) {
    AllocDecision decision = known.life->step(now, input);
    const std::string& node = known.desired->node;
    for (wire::TaskCommand& command : decision.commands) {
        known.commanded.insert(command.task);
        const TaskKey key{id, command.task};
        out_.commands[{node, key}] = std::move(command);
    }
    for (const std::string& task : decision.withdrawn) {
        known.commanded.erase(task);
        out_.commands[{node, TaskKey{id, task}}] = std::nullopt;
    }
    if (decision.report_changed) {
        const wire::AllocReport* report = known.life->report();
        if (report) out_.reports[id] = *report;
        if (!report && known.reporting) out_.reports[id] = std::nullopt;
        known.reporting = report != nullptr;
    }
    out_.events.insert(out_.events.end(), std::make_move_iterator(decision.events.begin()),
                       std::make_move_iterator(decision.events.end()));
    sleep(id, known, decision.wake_at);
    if (known.life->wants_change(now))
        changing_.insert(id);
    else
        changing_.erase(id);
}

// A change that many allocs share goes through them a few at a time: the next begins when one is up again.
void Brain::settle_changes(Instant now) {
    for (const std::string& id : std::set<std::string>(changing_)) {
        Known& known = allocs_.at(id);
        const wire::AllocDesired& alloc = *known.desired;
        std::size_t busy = 0;
        for (const std::string& other : allocs_of_[alloc.job]) {
            const Known& sibling = allocs_.at(other);
            busy +=
                sibling.life && sibling.desired->group.name == alloc.group.name && sibling.life->unsettled() ? 1 : 0;
        }
        const std::uint32_t limit = max_parallel(alloc);
        if (limit == 0 || busy < limit) step(id, known, now, MayChange{});
    }
}

std::uint32_t Brain::max_parallel(const wire::AllocDesired& alloc) const {
    const auto job = wanted_.find(alloc.job);
    if (job != wanted_.end())
        for (const wire::GroupSpec& group : job->second.spec.groups)
            if (group.name == alloc.group.name) return group.max_parallel;
    return alloc.group.max_parallel;
}

void Brain::sleep(const std::string& id, Known& known, Instant until) {
    if (known.wake_at == until) return;
    timers_.erase({known.wake_at, id});
    if (until != kNever) timers_.insert({until, id});
    known.wake_at = until;
}

}  // namespace drover::alloc_runner
