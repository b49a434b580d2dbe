#include <algorithm>

#include "alloc-runner/core/brain.hpp"

namespace drover::alloc_runner {

Nodes Brain::count_nodes() const {
    Nodes nodes;
    for (const auto& [id, status] : nodes_) nodes[id].status = status;
    for (const auto& [id, order] : node_orders_)
        if (const auto node = nodes.find(id); node != nodes.end()) node->second.order = order;
    const auto count = [&nodes](const wire::AllocDesired& alloc, const wire::AllocStatus* status) {
        const auto node = nodes.find(alloc.node);
        if (node != nodes.end()) node->second.use.add(alloc.group, status);
    };
    for (const auto& [id, known] : allocs_) {
        const wire::AllocStatus* status = known.status ? &*known.status : nullptr;
        if (known.desired && !has_ended({nullptr, status})) count(*known.desired, status);
    }
    for (const auto& [id, proposal] : proposals_)
        if (!allocs_.contains(id)) count(proposal, nullptr);
    return nodes;
}

// What the store has, and over it what was proposed and not yet recorded.
std::vector<AllocView> Brain::views(const std::string& job) {
    std::vector<AllocView> result;
    for (const std::string& id : allocs_of_[job]) {
        const Known& known = allocs_.at(id);
        const auto proposal = proposals_.find(id);
        result.push_back({proposal == proposals_.end() ? &*known.desired : &proposal->second,
                          known.status ? &*known.status : nullptr, known.order.stop});
    }
    for (const auto& [id, proposal] : proposals_)
        if (proposal.job == job && !allocs_of_[job].contains(id)) result.push_back({&proposal, nullptr});
    return result;
}

void Brain::settle_job(const std::string& name, Nodes& nodes, Instant now) {
    const auto wanted = wanted_.find(name);
    if (wanted == wanted_.end() || !mine(name)) {
        jobs_.erase(name);
        std::erase_if(proposals_, [&](const auto& entry) {
            if (entry.second.job != name) return false;
            out_.proposals[entry.first] = std::nullopt;
            return true;
        });
        return;
    }
    Job& job = jobs_[name];
    JobDecision decision =
        alloc_runner::step(job, {term_, rules_.slot_edges, rules_.lost_after}, now, wanted->second, views(name), nodes);
    for (wire::AllocDesired& proposal : decision.proposals) {
        // What the store does not have yet need not be stopped, only not be said any more.
        if (proposal.desired == wire::Desired::stop && !allocs_of_[name].contains(proposal.id)) {
            proposals_.erase(proposal.id);
            out_.proposals[proposal.id] = std::nullopt;
            dirty_jobs_.insert(name);
            continue;
        }
        out_.proposals[proposal.id] = proposal;
        proposals_[proposal.id] = std::move(proposal);
    }
    if (!decision.why_changed) return;
    for (const auto& [group, why] : job.why) out_.explanations.push_back("job " + name + " waits: " + why);
}

// At the deadline of its drain a node loses the batch work it still has, and all its work when it has been down for
// long.
void Brain::settle_nodes(Instant now) {
    for (auto* due : {&drain_deadlines_, &losses_}) {
        while (!due->empty() && due->begin()->first <= now) {
            due->erase(due->begin());
            for (const auto& [name, job] : wanted_) dirty_jobs_.insert(name);
        }
    }
}

// Of allocs that the store does not have.
void Brain::withdraw_proposals(const std::string& job) {
    std::erase_if(proposals_, [&](const auto& entry) {
        if (entry.second.job != job || allocs_of_[job].contains(entry.first)) return false;
        out_.proposals[entry.first] = std::nullopt;
        return true;
    });
}

// Tasks of allocs that nobody recorded are ended once it is certain that nobody will; at once when the store has
// removed the alloc. An alloc is recorded before any task of it begins, but whoever is cut off from the store does not
// hear of that: the time counts only while the store is heard. A store that knows no job at all has lost its memory
// rather than its jobs: then nothing is touched.
void Brain::settle_suspects(Instant now) {
    for (auto it = suspects_.begin(); it != suspects_.end();) {
        const auto& [node, key] = it->first;
        const wire::TaskObserved* observed = inventories_[node].find(key);
        const auto known = allocs_.find(key.first);
        const bool cleared = !observed || (known != allocs_.end() && known->second.desired);
        if (cleared) {
            if (it->second == kNever && !observed) out_.commands[it->first] = std::nullopt;
            it = suspects_.erase(it);
            continue;
        }
        Instant& since = it->second;
        if (!since.set() || (!hears_store(now) && since != kNever)) since = now;
        const bool removed = collected_.contains(key.first);
        const bool due = since != kNever && (removed || since + rules_.orphan_grace <= now);
        if (due && mine(key.first) && (removed || !wanted_.empty())) {
            since = kNever;
            out_.commands[it->first] = destruction(key, *observed);
            if (!removed)
                out_.explanations.push_back("task " + key.second + " of alloc " + key.first + " on node " + node +
                                            " belongs to no alloc the store knows: it is ended and removed");
        } else if (due) {
            since = now;
        }
        ++it;
    }
}

wire::TaskCommand Brain::destruction(const TaskKey& key, const wire::TaskObserved& observed) const {
    wire::TaskCommand command;
    command.alloc = key.first;
    command.task = key.second;
    command.term = term_;
    command.verb = wire::Verb::destroy;
    command.seq = std::max(newest_known(observed), observed.floor);
    command.released = command.seq;
    command.kill_timeout = seconds(5);
    return command;
}

}  // namespace drover::alloc_runner
