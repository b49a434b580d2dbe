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

void measure_mirror(metrics::Page& page, const Mirror& mirror, Instant now) {
    page.add(metrics::metric("drover_store_reachable"), heard_lately(mirror, "state-store", now) ? 1 : 0);
    page.add(metrics::metric("drover_gateway_refused_records_total"), static_cast<double>(mirror.refused()));
}

}  // namespace drover::gateway
