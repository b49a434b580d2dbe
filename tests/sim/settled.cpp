#include "settled.hpp"

#include <algorithm>

#include "job.hpp"
#include "wire/slots.hpp"

namespace drover::sim {
namespace {

// A poststop task, while others still have something to do.
bool waits_for_the_end(const wire::GroupSpec& group, const wire::AllocStatus& status, const std::string& name) {
    const auto is_poststop = [&group](const std::string& task) {
        return spec_of(group, task).lifecycle.hook == wire::Hook::poststop;
    };
    return is_poststop(name) && std::any_of(status.tasks.begin(), status.tasks.end(), [&](const auto& task) {
               return !is_poststop(task.name) && task.phase != wire::TaskPhase::dead;
           });
}

const Node& node_of(const System& system, const std::string& id) {
    for (const auto& node : system.nodes)
        if (node->id() == id) return *node;
    return *system.nodes[0];
}

std::string trouble_with(const System& system, const wire::AllocDesired& alloc, const wire::AllocStatus& status,
                         const wire::TaskStatus& task, bool stop) {
    const driver_manager::TaskKey key{alloc.id, task.name};
    const Node& node = node_of(system, alloc.node);
    const std::string name = alloc.id.substr(0, 4) + "/" + task.name + " is " + std::string(to_string(task.phase)) +
                             (task.why.empty() ? "" : " (" + task.why + ")");
    if (alloc.group.max_run_duration.ns > 0 && task.phase != wire::TaskPhase::dead) return name + ", not for long";
    if (task.phase == wire::TaskPhase::dead) return node.live(key) != 0 ? name + " but lives" : "";
    if (task.phase == wire::TaskPhase::running && !stop) {
        const wire::IncarnationObserved* run = node.incarnation(key, task.seq);
        if (!run || run->phase != wire::RunPhase::running || run->pid != task.pid) return name + " but does not run";
        return task.state != wire::TaskState::running ? name + " and its state is not" : "";
    }
    const bool waits = task.state == wire::TaskState::pending && !stop;
    return waits && waits_for_the_end(alloc.group, status, task.name) ? "" : name;
}

// Is it still there although its node should be empty?
std::string must_leave(const System& system, const wire::AllocDesired& alloc, const wire::AllocStatus& status) {
    const wire::NodeOrder* order = system.store.node_order(alloc.node);
    if (!order || !order->drain || wire::has_ended(status)) return {};
    if (!system.store.job(alloc.job)) return {};  // purged while its record was lost: nothing would take its place
    if (alloc.type == wire::JobType::batch && order->deadline == kNever) return {};
    return "alloc " + alloc.id + " is on " + alloc.node + ", which drains";
}

std::string trouble_with(const System& system, const std::string& id) {
    const wire::AllocDesired& alloc = *system.store.alloc(id);
    const wire::AllocStatus* status = system.store.status(id);
    if (!status) return "alloc " + id + " has no status";
    const wire::AllocOrder* order = system.store.order_of(id);
    const bool stop = alloc.desired == wire::Desired::stop || (order && order->stop);
    for (const wire::TaskStatus& task : status->tasks)
        if (std::string left = trouble_with(system, alloc, *status, task, stop); !left.empty()) return left;
    return must_leave(system, alloc, *status);
}

std::string trouble_with(const System& system, const wire::JobDesired& job) {
    if (job.purge) return "job " + job.spec.name + " is not purged";
    const std::uint32_t count = job.stopped ? 0 : job.spec.groups[0].count;
    std::map<std::uint32_t, int> there;
    for (std::uint32_t i = 0; i < count; ++i)
        if (wire::is_finished(job, job.spec.groups[0].name, i)) ++there[i];
    for (const std::string& id : system.store.allocs()) {
        const wire::AllocDesired& alloc = *system.store.alloc(id);
        if (alloc.job != job.spec.name) continue;
        const bool runs = alloc.desired == wire::Desired::run;
        const bool fits = wire::fits(job.spec, alloc);
        if (runs && !fits) return "alloc " + id + " is not of its job any more";
        const bool done = fits && !job.stopped && wire::completed_in_drain(alloc, *system.store.status(id));
        if (runs || done) ++there[alloc.index];
    }
    for (const auto& [index, allocs] : there)
        if (index >= count || allocs != 1)
            return "index " + std::to_string(index) + " has " + std::to_string(allocs) + " allocs";
    return there.size() == count ? "" : "job " + job.spec.name + " has " + std::to_string(there.size()) + " allocs";
}

}  // namespace

std::string trouble(const System& system) {
    for (const auto& runner : system.runners)
        if (runner->has_unconfirmed()) return runner->id() + " has something unconfirmed";
    for (const std::string& id : system.store.allocs())
        if (std::string left = trouble_with(system, id); !left.empty()) return left;
    for (const wire::JobSpec& spec : system.jobs)
        if (const wire::JobDesired* job = system.store.job(spec.name))
            if (std::string left = trouble_with(system, *job); !left.empty()) return left;
    for (const auto& node : system.nodes)
        for (const driver_manager::TaskKey& key : node->tasks())
            if (!system.store.alloc(key.alloc))
                return "something of the removed alloc " + key.alloc + " is still on " + node->id();
    return {};
}

}  // namespace drover::sim
