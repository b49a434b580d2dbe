// Health and metrics: what of the system is there, and what is missing.
#include "gateway/views.hpp"

namespace drover::gateway {
namespace {

// A vector comes once a second; three missed ones mean that the process is away.
constexpr Duration kSilence = seconds(3);

bool heard_lately(const Mirror& mirror, std::string_view role, Instant now) {
    for (const auto& [id, peer] : mirror.peers()) {
        if (peer.role == role && now - peer.heard_at < kSilence) return true;
    }
    return false;
}

}  // namespace

Json health_view(const std::string& gateway, const Mirror& mirror, Instant now) {
    Json missing = Json::array();
    const bool store = heard_lately(mirror, "state-store", now);
    if (!store) missing.push_back("The state-store has not been heard for 3 s: changes and events are not available.");
    if (store && !mirror.ready()) missing.push_back("The state is still being read from the state-store.");
    Json runners = Json::array();
    if (mirror.members()) {
        for (const wire::Member& member : mirror.members()->alloc_runners) runners.push_back(member.id);
    }
    if (runners.empty()) missing.push_back("No alloc-runner holds a lease: nothing is placed or restarted.");
    Json nodes = Json::array();
    bool any_ready = false;
    for (const auto& node : mirror.nodes()) {
        any_ready = any_ready || node->state == wire::NodeState::ready;
        nodes.push_back({{"id", node->node.id}, {"state", wire::to_string(node->state)}, {"why", node->why}});
    }
    if (!any_ready) missing.push_back("No node is ready: no driver-manager has reported to the state-store.");
    return {{"ok", missing.empty()},
            {"missing", missing},
            {"gateway", gateway},
            {"store", {{"reachable", store}, {"state_read", mirror.ready()}}},
            {"alloc_runners", std::move(runners)},
            {"nodes", std::move(nodes)}};
}

std::string metrics_view(const Mirror& mirror, Instant now) {
    std::map<std::string, int> allocs = {{"pending", 0}, {"running", 0}, {"complete", 0}, {"failed", 0}, {"lost", 0}};
    std::map<std::string, int> tasks = {{"pending", 0}, {"running", 0}, {"dead", 0}};
    std::uint64_t restarts = 0;
    for (const AllocEntry& entry : mirror.allocs()) {
        ++allocs[status_word(entry)];
        if (!entry.status) continue;
        for (const wire::TaskStatus& task : entry.status->tasks) {
            ++tasks[std::string(wire::to_string(task.state))];
            restarts += task.restarts;
        }
    }
    std::map<std::string, int> nodes = {{"ready", 0}, {"down", 0}};
    for (const auto& node : mirror.nodes()) ++nodes[std::string(wire::to_string(node->state))];

    std::string out;
    const auto family = [&](const std::string& name, const char* help, const std::map<std::string, int>& values) {
        out += "# HELP " + name + " " + help + "\n# TYPE " + name + " gauge\n";
        for (const auto& [label, value] : values) {
            out += name + "{state=\"" + label + "\"} " + std::to_string(value) + "\n";
        }
    };
    const auto gauge = [&](const std::string& name, const char* help, std::uint64_t value) {
        out +=
            "# HELP " + name + " " + help + "\n# TYPE " + name + " gauge\n" + name + " " + std::to_string(value) + "\n";
    };
    family("drover_allocs", "Allocs by client status.", allocs);
    family("drover_tasks", "Tasks by state.", tasks);
    family("drover_nodes", "Nodes by state.", nodes);
    gauge("drover_task_restarts", "Restarts of all tasks known.", restarts);
    gauge("drover_jobs", "Jobs known.", mirror.jobs().size());
    gauge("drover_store_reachable", "1 when the state-store was heard in the last 3 s.",
          heard_lately(mirror, "state-store", now) ? 1 : 0);
    gauge("drover_gateway_refused_records", "Records of the state that could not be read.", mirror.refused());
    return out;
}

}  // namespace drover::gateway
