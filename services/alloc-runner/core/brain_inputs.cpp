#include <algorithm>

#include "alloc-runner/core/brain.hpp"

namespace drover::alloc_runner {
namespace {

std::size_t count_dead(const wire::AllocStatus& status) {
    const auto n = std::count_if(status.tasks.begin(), status.tasks.end(),
                                 [](const wire::TaskStatus& task) { return task.phase == wire::TaskPhase::dead; });
    return static_cast<std::size_t>(n);
}

}  // namespace

// Until the state is complete again, what was known stays in force: the store may be away for long.
void Brain::state_reset() {
    state_resets_ = true;
    for (const auto& [name, job] : wanted_) unheard_.insert("job/" + name);
    for (const auto& [id, known] : allocs_) {
        if (known.desired) unheard_.insert("alloc/" + id);
        if (known.status) unheard_.insert("status/" + id);
        if (!known.order.alloc.empty()) unheard_.insert("order/" + id);
    }
    for (const auto& [id, node] : nodes_) unheard_.insert("node/" + id);
    for (const auto& [id, order] : node_orders_) unheard_.insert("nodeorder/" + id);
    for (const std::string& id : collected_) unheard_.insert("collected/" + id);
}

void Brain::state_current(Instant now) {
    if (!hears_store(now))
        for (auto& [key, suspect] : suspects_) suspect.since = now;
    current_at_ = now;
}

void Brain::state_complete() {
    if (state_known_ && !state_resets_) return;
    state_known_ = true;
    state_resets_ = false;
    for (const std::string& key : std::exchange(unheard_, {})) {
        const std::size_t slash = key.find('/');
        const std::string name = key.substr(slash + 1);
        if (key.starts_with("job/")) forget_job(name);
        if (key.starts_with("alloc/")) forget_alloc(name);
        if (key.starts_with("status/")) forget_status(name);
        if (key.starts_with("order/")) forget_order(name);
        if (key.starts_with("node/")) forget_node(name);
        if (key.starts_with("nodeorder/")) forget_node_order(name);
        if (key.starts_with("collected/")) forget_collected(name);
    }
    touch_everything();
    for (const auto& [node, view] : inventories_)
        for (const auto& [key, observed] : view.tasks()) suspect(node, key);
}

void Brain::touch_everything() {
    for (const auto& [name, job] : wanted_) dirty_jobs_.insert(name);
    for (const auto& [id, known] : allocs_) touch(id);
}

void Brain::hear(const wire::Members& members) {
    if (members.complete_since != members_.complete_since) loss_heard_at_ = {};
    members_ = members;
}

void Brain::hear(const wire::JobDesired& job) {
    unheard_.erase("job/" + job.spec.name);
    wire::JobDesired& known = wanted_[job.spec.name];
    // What was proposed for another version and is not recorded yet will not be any more.
    if (known.version != job.version || known.uid != job.uid) withdraw_proposals(job.spec.name);
    known = job;
    dirty_jobs_.insert(job.spec.name);
}

void Brain::hear(const wire::AllocDesired& alloc) {
    unheard_.erase("alloc/" + alloc.id);
    allocs_of_[alloc.job].insert(alloc.id);
    Known& known = allocs_[alloc.id];
    known.desired = alloc;
    known.new_desired = true;
    touch(alloc.id);
    touch_suspects(alloc.node, alloc.id);
    dirty_jobs_.insert(alloc.job);
    const auto proposal = proposals_.find(alloc.id);
    if (proposal == proposals_.end() || proposal->second.desired != alloc.desired) return;
    if (proposal->second.no_shutdown_delay && !alloc.no_shutdown_delay) return;
    proposals_.erase(proposal);
    out_.proposals[alloc.id] = std::nullopt;
}

void Brain::hear(const wire::AllocOrder& order) {
    unheard_.erase("order/" + order.alloc);
    Known& known = allocs_[order.alloc];
    known.order = order;
    known.new_order = true;
    touch(order.alloc);
}

void Brain::hear(const wire::AllocStatus& status) {
    unheard_.erase("status/" + status.id);
    Known& known = allocs_[status.id];
    const bool had_ended = known.status && has_ended({nullptr, &*known.status});
    const std::size_t dead = known.status ? count_dead(*known.status) : 0;
    known.status = status;
    known.new_status = true;
    touch(status.id);
    if (had_ended != has_ended({nullptr, &status})) dirty_jobs_.insert(status.job);
    if (count_dead(status) > dead) touch_waiting_jobs();
}

// A job that waits for a node may have found it.
void Brain::hear(const wire::NodeStatus& node) {
    unheard_.erase("node/" + node.node.id);
    nodes_[node.node.id] = node;
    std::erase_if(losses_, [&node](const auto& loss) { return loss.second == node.node.id; });
    if (node.state == wire::NodeState::down) losses_.insert({node.since + rules_.lost_after, node.node.id});
    touch_waiting_jobs();
}

void Brain::touch_waiting_jobs() {
    for (const auto& [name, job] : jobs_)
        if (!job.why.empty()) dirty_jobs_.insert(name);
}

// Allocs may have to leave, and what waits may have found its node.
void Brain::hear(const wire::NodeOrder& order) {
    forget_node_order(order.node);
    unheard_.erase("nodeorder/" + order.node);
    node_orders_[order.node] = order;
    if (order.drain && order.deadline != kNever) drain_deadlines_.insert({order.deadline, order.node});
}

void Brain::hear(const wire::CollectedAlloc& removed) {
    unheard_.erase("collected/" + removed.id);
    collected_.insert(removed.id);
    touch_suspects(removed.node, removed.id);
}

void Brain::forget_node_order(const std::string& id) {
    std::erase_if(drain_deadlines_, [&id](const auto& deadline) { return deadline.second == id; });
    node_orders_.erase(id);
    for (const auto& [name, job] : wanted_) dirty_jobs_.insert(name);
}

void Brain::forget_collected(const std::string& id) { collected_.erase(id); }

void Brain::forget_job(const std::string& name) {
    wanted_.erase(name);
    dirty_jobs_.insert(name);
}

void Brain::forget_alloc(const std::string& id) {
    const auto known = allocs_.find(id);
    if (known == allocs_.end()) return;
    end_life(id, known->second);
    if (proposals_.erase(id) > 0) out_.proposals[id] = std::nullopt;
    const std::optional<wire::AllocDesired> desired = std::exchange(known->second.desired, std::nullopt);
    forget_if_empty(id);
    if (!desired) return;
    allocs_of_[desired->job].erase(id);
    dirty_jobs_.insert(desired->job);
    touch_waiting_jobs();
    const NodeView& view = inventories_[desired->node];
    for (const wire::TaskSpec& task : desired->group.tasks)
        if (view.find({id, task.name})) suspect(desired->node, {id, task.name});
}

void Brain::forget_status(const std::string& id) {
    const auto known = allocs_.find(id);
    if (known == allocs_.end()) return;
    known->second.status.reset();
    forget_if_empty(id);
}

void Brain::forget_order(const std::string& id) {
    const auto known = allocs_.find(id);
    if (known == allocs_.end()) return;
    known->second.order = {};
    forget_if_empty(id);
}

// What else is recorded of an alloc may be there when a lost one is recorded again.
void Brain::forget_if_empty(const std::string& id) {
    const Known& known = allocs_.at(id);
    if (!known.desired && !known.status && known.order.alloc.empty()) allocs_.erase(id);
}

void Brain::forget_node(const std::string& id) { nodes_.erase(id); }

void Brain::inventory_reset(const std::string& node) {
    inventories_[node].reset();
    // While it was away it could not say of what its tasks are.
    for (auto it = suspects_.lower_bound({node, {}}); it != suspects_.end() && it->first.first == node; ++it) {
        it->second.since = {};
        dirty_suspects_.insert(it->first);
    }
}

void Brain::inventory_complete(const std::string& node) {
    NodeView& view = inventories_[node];
    const bool news = !view.whole();
    for (const TaskKey& gone : view.complete()) {
        dirty_suspects_.insert({node, gone});
        const auto known = allocs_.find(gone.first);
        if (known != allocs_.end()) known->second.fresh.insert(gone.second);
    }
    if (!news) return;
    for (const auto& [id, known] : allocs_)
        if (known.desired && known.desired->node == node) touch(id);
}

void Brain::hear(const std::string& node, const wire::TaskObserved& observed) {
    const TaskKey key{observed.alloc, observed.task};
    inventories_[node].hear(key, observed);
    suspect(node, key);
    const auto known = allocs_.find(observed.alloc);
    if (known == allocs_.end()) return;
    known->second.fresh.insert(observed.task);
    touch(observed.alloc);
}

void Brain::forget_task(const std::string& node, const TaskKey& key) {
    inventories_[node].erase(key);
    dirty_suspects_.insert({node, key});
    const auto known = allocs_.find(key.first);
    if (known == allocs_.end()) return;
    known->second.fresh.insert(key.second);
    touch(key.first);
}

}  // namespace drover::alloc_runner
