#include "gateway/standing.hpp"

#include <algorithm>
#include <map>

#include "wire/slots.hpp"

namespace drover::gateway {
namespace {

std::string waiting_task(const AllocEntry& entry) {
    if (!entry.status) return "";
    for (const wire::TaskStatus& task : entry.status->tasks) {
        if (task.state != wire::TaskState::dead && !task.why.empty()) {
            return "alloc " + entry.desired->id.substr(0, 8) + ", task \"" + task.name + "\": " + task.why;
        }
    }
    return entry.status->status == wire::ClientStatus::pending ? entry.status->description : "";
}

bool offers(const wire::NodeStatus& node, const wire::GroupSpec& group) {
    return std::all_of(group.tasks.begin(), group.tasks.end(), [&](const wire::TaskSpec& task) {
        const auto driver = node.node.drivers.find(task.driver);
        return driver != node.node.drivers.end() && driver->second.detected && driver->second.healthy;
    });
}

// "raw_exec, mock: drover-mock-task is not installed"; the words of the first node that has any.
std::string drivers_of(const wire::GroupSpec& group, const std::vector<NodeEntry>& nodes) {
    std::map<std::string, std::string> words;
    for (const auto& task : group.tasks) {
        std::string& why = words[task.driver];
        for (const NodeEntry& node : nodes) {
            const auto driver = node.status->node.drivers.find(task.driver);
            if (!why.empty() || !is_eligible(node) || driver == node.status->node.drivers.end()) continue;
            if (!driver->second.detected || !driver->second.healthy) why = driver->second.description;
        }
    }
    std::string drivers;
    for (const auto& [name, why] : words)
        drivers += (drivers.empty() ? "" : ", ") + name + (why.empty() ? "" : ": " + why);
    return drivers;
}

std::string why_unplaced(const wire::GroupSpec& group, const std::vector<NodeEntry>& nodes, bool has_runner) {
    if (!has_runner) return "no alloc-runner is at work, so nothing is placed";
    bool any_ready = false, any_eligible = false;
    std::string lack;
    for (const NodeEntry& node : nodes) {
        if (node.status->state != wire::NodeState::ready) continue;
        any_ready = true;
        if (!is_eligible(node)) continue;
        any_eligible = true;
        if (!offers(*node.status, group)) continue;
        lack = wire::lack(node.status->node, node.use, group);
        if (lack.empty()) return "group \"" + group.name + "\" is being placed";
    }
    if (!any_ready) return "no node is ready";
    if (!any_eligible) return "no ready node is eligible for new allocs; `drover node status` lists them";
    if (!lack.empty()) return "no eligible node has room for group \"" + group.name + "\": " + lack;
    return "no eligible node has every driver of group \"" + group.name + "\" healthy (" + drivers_of(group, nodes) +
           ")";
}

std::string why_failed(const std::vector<AllocEntry>& current) {
    for (const AllocEntry& entry : current) {
        if (!entry.status || entry.status->status != wire::ClientStatus::failed) continue;
        for (const wire::TaskStatus& task : entry.status->tasks) {
            if (!task.failed) continue;
            return "task \"" + task.name + "\" of alloc " + entry.desired->id.substr(0, 8) + " failed";
        }
        return "alloc " + entry.desired->id.substr(0, 8) + " failed: " + entry.status->description;
    }
    return "an alloc that was removed since failed";
}

// An alloc that has completed although it should stop has done the work of its place.
bool is_counted(const wire::JobDesired& job, const AllocEntry& entry) {
    if (wire::is_finished(job, entry.desired->group.name, entry.desired->index)) return false;
    if (is_current(job, *entry.desired)) return true;
    return entry.status && wire::completed_in_drain(*entry.desired, *entry.status) &&
           wire::fits(job.spec, *entry.desired);
}

std::string why_pending(const wire::JobDesired& job, const std::map<std::string, GroupCount>& counts,
                        const std::vector<AllocEntry>& current, const std::vector<NodeEntry>& nodes, bool has_runner) {
    for (const wire::GroupSpec& group : job.spec.groups) {
        const GroupCount& count = counts.at(group.name);
        if (count.pending + count.running + count.complete + count.failed < count.want) {
            return why_unplaced(group, nodes, has_runner);
        }
    }
    for (const AllocEntry& entry : current) {
        if (std::string why = waiting_task(entry); !why.empty()) return why;
    }
    return has_runner ? "" : "no alloc-runner is at work, so nothing is started";
}

std::uint32_t count_places(const std::map<std::string, std::vector<std::uint32_t>>& places,
                           const wire::GroupSpec& group) {
    const auto at = places.find(group.name);
    if (at == places.end()) return 0;
    const auto within = [&group](std::uint32_t index) { return index < group.count; };
    return static_cast<std::uint32_t>(std::count_if(at->second.begin(), at->second.end(), within));
}

}  // namespace

std::string status_word(const AllocEntry& entry) {
    return std::string(wire::to_string(entry.status ? entry.status->status : wire::ClientStatus::pending));
}

bool is_terminal(const AllocEntry& entry) {
    if (!entry.status) return false;
    const wire::ClientStatus status = entry.status->status;
    return status == wire::ClientStatus::complete || status == wire::ClientStatus::failed ||
           status == wire::ClientStatus::lost;
}

bool is_current(const wire::JobDesired& job, const wire::AllocDesired& alloc) {
    return alloc.desired == wire::Desired::run && wire::fits(job.spec, alloc);
}

std::vector<NodeEntry> node_entries(const Mirror& mirror) {
    std::map<std::string, wire::Use> uses;
    for (const AllocEntry& entry : mirror.allocs()) {
        if (entry.status && wire::has_ended(*entry.status)) continue;
        uses[entry.desired->node].add(entry.desired->group, entry.status.get());
    }
    std::vector<NodeEntry> out;
    for (auto& status : mirror.nodes()) {
        const std::string id = status->node.id;
        out.push_back({status, mirror.node_order(id), uses[id]});
    }
    return out;
}

bool is_eligible(const NodeEntry& node) { return !node.order || (node.order->eligible && !node.order->drain); }

std::map<std::string, GroupCount> count_groups(const wire::JobDesired& job, const std::vector<AllocEntry>& allocs) {
    std::map<std::string, GroupCount> counts;
    for (const wire::GroupSpec& group : job.spec.groups) {
        GroupCount& count = counts[group.name];
        count.want = group.count;
        count.complete = count_places(job.completed, group);
        count.failed = count_places(job.failed, group);
    }
    for (const AllocEntry& entry : allocs) {
        if (!is_counted(job, entry)) continue;
        GroupCount& count = counts[entry.desired->group.name];
        const auto status = entry.status ? entry.status->status : wire::ClientStatus::pending;
        if (status == wire::ClientStatus::pending) ++count.pending;
        if (status == wire::ClientStatus::running) ++count.running;
        if (status == wire::ClientStatus::complete) ++count.complete;
        if (status == wire::ClientStatus::failed) ++count.failed;
    }
    return counts;
}

Standing standing(const wire::JobDesired& job, const std::vector<AllocEntry>& allocs,
                  const std::vector<NodeEntry>& nodes, bool has_runner) {
    if (job.stopped) {
        const bool ended = std::all_of(allocs.begin(), allocs.end(), is_terminal);
        return {ended ? "stopped" : "stopping", ""};
    }
    std::vector<AllocEntry> current;
    for (const AllocEntry& entry : allocs) {
        if (is_counted(job, entry)) current.push_back(entry);
    }
    const auto counts = count_groups(job, allocs);
    GroupCount all;
    for (const auto& [name, count] : counts) {
        all.want += count.want;
        all.running += count.running;
        all.complete += count.complete;
        all.failed += count.failed;
    }
    if (all.failed > 0) return {"failed", why_failed(current)};
    if (all.complete == all.want && all.want > 0) return {"complete", ""};
    if (all.running + all.complete == all.want) return {"running", ""};
    return {"pending", why_pending(job, counts, current, nodes, has_runner)};
}

}  // namespace drover::gateway
