// /v1/nodes.
#include <algorithm>

#include "base/units.hpp"
#include "gateway/body.hpp"
#include "gateway/routes.hpp"
#include "gateway/views.hpp"

namespace drover::gateway {
namespace {

using Entries = std::vector<NodeEntry>;

// The node with this id or name, or the one whose id begins so.
Result<NodeEntry> find_node(Backend& backend, const std::string& text) {
    auto all = look<Entries>(backend, [](const Mirror& m, Instant) { return node_entries(m); });
    if (!all) return tl::unexpected(all.error());
    Entries exact, prefixed;
    for (const NodeEntry& one : *all) {
        const wire::NodeObserved& node = one.status->node;
        if (node.id == text) return one;
        if (node.name == text) exact.push_back(one);
        if (node.id.compare(0, text.size(), text) == 0) prefixed.push_back(one);
    }
    const Entries& found = exact.empty() ? prefixed : exact;
    if (found.size() == 1) return found.front();
    if (found.empty()) {
        return fail(ErrorKind::not_found, "there is no node \"" + text + "\"; `drover node status` lists the nodes");
    }
    std::string ids;
    for (const NodeEntry& one : found) ids += (ids.empty() ? "" : ", ") + one.status->node.id;
    return fail(ErrorKind::conflict, "\"" + text + "\" means more than one node: " + ids);
}

Reply show(const Context& context, const std::string& id) {
    auto all = look<Entries>(context.backend, [](const Mirror& m, Instant) { return node_entries(m); });
    if (!all) return error_reply(all.error());
    for (const NodeEntry& one : *all) {
        if (one.status->node.id == id) return json_reply(node_view(one));
    }
    return error_reply(Error{ErrorKind::not_found, "node \"" + id + "\" has just gone"});
}

Reply give(const Context& context, const Call& call, const wire::NodeOrder& order, Duration deadline) {
    wire::Request request;
    request.ask = wire::Ask::node_order;
    request.order = order;
    request.deadline = deadline;
    auto answer = ask_for_change(context, call, std::move(request));
    if (!answer) return error_reply(answer.error());
    context.backend.until(
        [order](const Mirror& m) {
            const auto known = m.node_order(order.node);
            return known && known->drain == order.drain && (order.drain || known->eligible == order.eligible);
        },
        kSettle);
    return show(context, order.node);
}

}  // namespace

Reply list_nodes(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto nodes = look<Entries>(context.backend, [](const Mirror& m, Instant) { return node_entries(m); });
    if (!nodes) return error_reply(nodes.error());
    Json list = Json::array();
    for (const NodeEntry& one : *nodes) list.push_back(node_view(one));
    return json_reply(Json{{"nodes", std::move(list)}});
}

// POST begins a drain, {"deadline": "1h"}; without a deadline batch jobs may take as long as they like. DELETE ends it.
Reply drain_node(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto node = find_node(context.backend, call.path[2]);
    if (!node) return error_reply(node.error());
    wire::NodeOrder order;
    order.node = node->status->node.id;
    order.eligible = false;
    order.drain = call.method == "POST";
    // To end a drain that is not there changes nothing, least of all who is eligible.
    if (!order.drain && !(node->order && node->order->drain)) order.eligible = is_eligible(*node);
    auto body = parse_json_body(call, {"deadline"});
    if (!body) return error_reply(body.error());
    auto text = text_member(*body, "deadline");
    if (!text) return error_reply(text.error());
    const auto deadline = parse_duration(text->empty() ? "0" : *text);
    if (!deadline) return error_reply(deadline.error());
    return give(context, call, order, *deadline);
}

// {"eligible": true} or {"eligible": false}
Reply set_eligibility(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto node = find_node(context.backend, call.path[2]);
    if (!node) return error_reply(node.error());
    auto body = parse_json_body(call, {"eligible"});
    if (!body) return error_reply(body.error());
    auto eligible = flag_member(*body, "eligible");
    if (!eligible) return error_reply(eligible.error());
    if (!body->contains("eligible")) {
        return error_reply(Error{ErrorKind::invalid, "say what the node should be: {\"eligible\": true}"});
    }
    wire::NodeOrder order;
    order.node = node->status->node.id;
    order.eligible = *eligible;
    // A node that drains is not eligible already; to say so must not end the drain.
    const bool drains = node->order && node->order->drain;
    if (drains && !*eligible) return show(context, order.node);
    return give(context, call, order, {});
}

}  // namespace drover::gateway
