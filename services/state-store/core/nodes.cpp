#include "state-store/core/nodes.hpp"

#include <utility>

#include "state-store/core/keys.hpp"
#include "state-store/core/validate.hpp"

namespace drover::store {

namespace {

const char* word(const wire::DriverInfo& driver) {
    if (!driver.detected) return "undetected";
    return driver.healthy ? "healthy" : "unhealthy";
}

// What has become of the node's drivers since `before`.
void tell_drivers(const wire::NodeObserved& before, wire::NodeStatus& status, Instant now) {
    for (const auto& [name, driver] : status.node.drivers) {
        const auto known = before.drivers.find(name);
        const std::string from = known == before.drivers.end() ? "undetected" : word(known->second);
        if (from == word(driver)) continue;
        wire::NodeEvent event{.at = now, .subsystem = "Driver", .message = {}, .details = {}};
        event.message = "Driver " + name + ": " + from + " -> " + word(driver);
        if (!driver.healthy && !driver.description.empty()) event.message += ": " + driver.description;
        event.details = {{"driver", name}, {"from", from}, {"to", word(driver)}, {"why", driver.description}};
        status.events.push_back(std::move(event));
    }
    const std::size_t excess = status.events.size() > kNodeEvents ? status.events.size() - kNodeEvents : 0;
    status.events.erase(status.events.begin(), status.events.begin() + static_cast<std::ptrdiff_t>(excess));
}

}  // namespace

Result<void> order_node(Draft& draft, const wire::NodeOrder& order, Duration deadline, Instant now) {
    const auto node = draft.get(node_key(order.node));
    if (!node) return tl::unexpected(node.error());
    if (!*node) {
        return fail(ErrorKind::not_found,
                    "there is no node \"" + order.node + "\"; \"drover node status\" lists the nodes");
    }
    const auto known = load<wire::NodeOrder>(draft, node_order_key(order.node));
    if (!known) return tl::unexpected(known.error());
    if (*known && (*known)->drain && !order.drain && order.eligible) {
        return fail(ErrorKind::refused, "node \"" + order.node +
                                            "\" is being drained; end that first with \"drover node drain " +
                                            order.node + " --disable\"");
    }
    wire::NodeOrder next = order;
    next.eligible = order.eligible && !order.drain;
    next.deadline = {};
    if (order.drain) next.deadline = deadline > Duration{} ? now + deadline : kNever;
    save(draft, node_order_key(order.node), next);
    return {};
}

Result<void> Nodes::observed(Draft& draft, const wire::NodeObserved& node, Instant now) {
    if (!valid_name(node.id)) return fail(ErrorKind::invalid, "\"" + node.id.substr(0, 63) + "\" is not a node's id");
    const auto known = load<wire::NodeStatus>(draft, node_key(node.id));
    if (!known) return tl::unexpected(known.error());
    wire::NodeStatus status = known->value_or(wire::NodeStatus{});
    if (!*known || status.state != wire::NodeState::ready) status.since = now;
    const wire::NodeObserved before = std::exchange(status.node, node);
    tell_drivers(before, status, now);
    status.state = wire::NodeState::ready;
    status.why.clear();
    heard_[node.id] = now;
    save(draft, node_key(node.id), status);
    return {};
}

bool Nodes::heard(const std::string& id, Instant now) {
    const auto it = heard_.find(id);
    if (it == heard_.end()) return false;
    const bool silent = now - it->second >= kNodeSilence;
    it->second = now;
    return silent;
}

Result<void> Nodes::settle(Draft& draft, Instant now) {
    for (const auto& [id, heard_at] : heard_) {
        auto status = load<wire::NodeStatus>(draft, node_key(id));
        if (!status) return tl::unexpected(status.error());
        if (!*status) continue;
        const bool silent = now - heard_at >= kNodeSilence;
        const auto state = silent ? wire::NodeState::down : wire::NodeState::ready;
        if ((*status)->state == state) continue;
        (*status)->state = state;
        (*status)->since = now;
        (*status)->why = silent ? "its driver-manager has not been heard of since " + to_string(heard_at) : "";
        save(draft, node_key(id), **status);
    }
    return {};
}

}  // namespace drover::store
