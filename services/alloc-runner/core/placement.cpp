#include "alloc-runner/core/placement.hpp"

#include <set>

#include "base/hash.hpp"
#include "wire/room.hpp"

namespace drover::alloc_runner {
namespace {

std::string value_of(const wire::NodeObserved& node, const std::string& attribute) {
    if (attribute == "node.unique.id") return node.id;
    if (attribute == "node.unique.name") return node.name;
    const auto found = node.attributes.find(attribute);
    return found == node.attributes.end() ? "" : found->second;
}

// Which constraint the node does not meet; empty when it meets all.
std::string unmet(const wire::GroupSpec& group, const wire::NodeObserved& node) {
    for (const auto& [attribute, wanted] : group.constraints) {
        const std::string value = value_of(node, attribute);
        const bool met = wanted.starts_with('!') ? value != wanted.substr(1) : value == wanted;
        if (met) continue;
        return "constraint " + attribute + ": \"" + wanted + "\" is not met, it is " +
               (value.empty() ? "not known" : "\"" + value + "\"");
    }
    return {};
}

// Why the node cannot take the group; empty when it can.
std::string objection(const wire::GroupSpec& group, const Candidate& node) {
    const wire::NodeStatus& status = node.status;
    if (status.state != wire::NodeState::ready)
        return std::string(to_string(status.state)) + (status.why.empty() ? "" : " (" + status.why + ")");
    if (node.order && node.order->drain) return "draining";
    if (node.order && !node.order->eligible) return "not eligible";
    if (std::string constraint = unmet(group, status.node); !constraint.empty()) return constraint;
    for (const wire::TaskSpec& task : group.tasks) {
        const auto driver = status.node.drivers.find(task.driver);
        if (driver == status.node.drivers.end()) return "driver " + task.driver + " is missing";
        const wire::DriverInfo& info = driver->second;
        if (info.detected && info.healthy) continue;
        return "driver " + task.driver + (info.detected ? " is unhealthy" : " is missing") +
               (info.description.empty() ? "" : " (" + info.description + ")");
    }
    return wire::lack(status.node, node.use, group);
}

}  // namespace

Result<std::string> place(const std::string& alloc, const wire::GroupSpec& group, const Nodes& nodes) {
    const std::string* best = nullptr;
    std::size_t best_allocs = 0;
    std::uint64_t best_weight = 0;
    std::set<std::string> objections;
    for (const auto& [id, node] : nodes) {
        std::string problem = objection(group, node);
        if (!problem.empty()) {
            objections.insert(std::move(problem));
            continue;
        }
        const std::uint64_t weight = stable_hash(id + "/" + alloc);
        const std::size_t allocs = node.use.allocs;
        if (best && (allocs > best_allocs || (allocs == best_allocs && weight <= best_weight))) continue;
        best = &id;
        best_allocs = allocs;
        best_weight = weight;
    }
    if (best) return *best;
    if (nodes.empty())
        return fail(ErrorKind::unavailable,
                    "cannot place group " + group.name + ": no node has joined yet; start a driver-manager");
    std::string all;
    for (const std::string& one : objections) all += (all.empty() ? "" : "; ") + one;
    return fail(ErrorKind::unavailable, "cannot place group " + group.name + ": none of " +
                                            std::to_string(nodes.size()) + " nodes fits: " + all);
}

}  // namespace drover::alloc_runner
