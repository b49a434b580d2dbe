#include "state-store/core/nodes.hpp"

#include "state-store/core/keys.hpp"
#include "state-store/core/validate.hpp"

namespace drover::store {

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
    status.node = node;
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
