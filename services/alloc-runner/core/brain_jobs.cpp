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
    JobRules rules{term_, rules_.slot_edges, rules_.lost_after};
    rules.complete_since = members_.complete_since;
    if (doubt_until_.set())
        rules.hold = "the store has lost records; what nodes still run of them is recorded again first";
    JobDecision decision = alloc_runner::step(job, rules, now, wanted->second, views(name), nodes);
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

}  // namespace drover::alloc_runner
