#include "gateway/routes.hpp"

#include <algorithm>

#include "gateway/caller.hpp"
#include "gateway/views.hpp"

namespace drover::gateway {
namespace {

struct Route {
    std::string_view method;
    std::vector<std::string_view> path;  // "*" stands for any name, "**" at the end for one or more
    Reply (*handler)(const Context&, const Call&);
    secret::TokenRole role;  // that the caller has to have
};

const std::vector<Route>& table() {
    using enum secret::TokenRole;
    static const std::vector<Route> routes = {
        {"POST", {"v1", "jobs"}, submit_job, submit},
        {"POST", {"v1", "validate"}, validate_job, read},
        {"GET", {"v1", "jobs"}, list_jobs, read},
        {"GET", {"v1", "jobs", "*"}, show_job, read},
        {"DELETE", {"v1", "jobs", "*"}, stop_job, submit},
        {"GET", {"v1", "allocs"}, list_allocs, read},
        {"GET", {"v1", "allocs", "*"}, show_alloc, read},
        {"POST", {"v1", "allocs", "*", "stop"}, order_alloc, submit},
        {"POST", {"v1", "allocs", "*", "restart"}, order_alloc, submit},
        {"POST", {"v1", "allocs", "*", "signal"}, order_alloc, submit},
        {"GET", {"v1", "allocs", "*", "logs"}, read_logs, read},
        {"GET", {"v1", "logs", "*"}, read_logs, read},
        {"POST", {"v1", "allocs", "*", "exec"}, open_exec, submit},
        {"GET", {"v1", "exec", "*", "output"}, read_exec, submit},
        {"POST", {"v1", "exec", "*", "input"}, write_exec, submit},
        {"POST", {"v1", "exec", "*", "size"}, resize_exec, submit},
        {"POST", {"v1", "exec", "*", "signal"}, signal_exec, submit},
        {"DELETE", {"v1", "exec", "*"}, close_exec, submit},
        {"GET", {"v1", "variables"}, list_variables, read},
        {"GET", {"v1", "variables", "**"}, show_variable, read},
        {"PUT", {"v1", "variables", "**"}, put_variable, submit},
        {"DELETE", {"v1", "variables", "**"}, remove_variable, submit},
        {"GET", {"v1", "nodes"}, list_nodes, read},
        {"POST", {"v1", "nodes", "*", "drain"}, drain_node, admin},
        {"DELETE", {"v1", "nodes", "*", "drain"}, drain_node, admin},
        {"POST", {"v1", "nodes", "*", "eligibility"}, set_eligibility, admin},
        {"POST", {"v1", "gc"}, collect_garbage, admin},
        {"POST", {"v1", "store", "backup"}, back_up_store, admin},
        {"POST", {"v1", "store", "check"}, check_store, admin},
        {"GET", {"v1", "events"}, list_events, read},
        {"GET", {"v1", "audit"}, list_audit, read},
        {"GET", {"v1", "health"}, show_health, read},
        {"GET", {"metrics"}, show_metrics, read},
    };
    return routes;
}

bool matches(const Route& route, const Call& call) {
    const bool open = route.path.back() == "**";
    if (open ? call.path.size() < route.path.size() : call.path.size() != route.path.size()) return false;
    return std::equal(route.path.begin(), route.path.end(), call.path.begin(),
                      [](std::string_view want, const std::string& have) {
                          return want.front() == '*' ? !have.empty() : want == have;
                      });
}

Reply not_for(const Route& route, const Call& call) {
    return error_reply(403, ErrorKind::refused,
                       "the token \"" + call.peer.token_name + "\" has the role " +
                           std::string(secret::to_string(call.peer.role)) + ", and this needs " +
                           std::string(secret::to_string(route.role)));
}

}  // namespace

Reply route(const Context& context, const Call& call) {
    std::string methods;
    for (const Route& route : table()) {
        if (!matches(route, call)) continue;
        if (route.method == call.method)
            return call.peer.role < route.role ? not_for(route, call) : route.handler(context, call);
        methods += (methods.empty() ? "" : ", ") + std::string(route.method);
    }
    if (!methods.empty()) {
        Reply reply =
            error_reply(405, ErrorKind::invalid, "this path does not take " + call.method + ", only " + methods);
        reply.headers["Allow"] = methods;
        return reply;
    }
    std::string path;
    for (const std::string& segment : call.path) path += "/" + segment;
    return error_reply(
        404, ErrorKind::not_found,
        "there is nothing at " + path +
            "; the API is /v1/jobs, /v1/allocs, /v1/exec, /v1/logs, /v1/variables, /v1/nodes, /v1/events, "
            "/v1/validate, /v1/gc, /v1/store, /v1/audit, /v1/health and /metrics");
}

Result<wire::Answer> ask_for_change(const Context& context, const Call& call, wire::Request request) {
    request.by = caller(call.peer, "");
    return context.backend.ask(std::move(request));
}

Reply show_health(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    const std::string id = context.gateway;
    auto health = look<Json>(context.backend, [id](const Mirror& m, Instant now) { return health_view(id, m, now); });
    if (!health) return error_reply(health.error());
    return json_reply(*health, (*health)["ok"].get<bool>() ? 200 : 503);
}

Reply show_metrics(const Context& context, const Call&) {
    auto text = look<std::string>(context.backend, context.metrics);
    if (!text) return error_reply(text.error());
    return {.type = std::string(metrics::Page::kContentType), .body = *text};
}

}  // namespace drover::gateway
