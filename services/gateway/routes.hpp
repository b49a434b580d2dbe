// Routes: a Call in, a Reply out. Blocking, on the connection's thread; whatever they need to know or want done they
// ask of the Backend.
#pragma once

#include <string>

#include "gateway/backend.hpp"
#include "gateway/json.hpp"

namespace drover::gateway {

struct Context {
    Backend& backend;
    std::string gateway;                    // our id, for the health view
    std::string secrets_public_key_file{};  // empty: no secrets are taken
    // The page of metrics.
    std::function<std::string(const Mirror&, Instant)> metrics = [](const Mirror&, Instant) { return std::string(); };
};

// Every path that is served; unknown ones and wrong methods get a sentence.
Reply route(const Context& context, const Call& call);

// The alloc whose id begins with `prefix`; not_found or, with the candidates, conflict.
Result<AllocEntry> find_alloc(Backend& backend, const std::string& prefix);

// Asks the state-store for a change, in the name of whoever calls.
Result<wire::Answer> ask_for_change(const Context& context, const Call& call, wire::Request request);

// One handler per path and method. `call.path` has the shape that route() checked.
Reply submit_job(const Context& context, const Call& call);
Reply validate_job(const Context& context, const Call& call);
Reply list_jobs(const Context& context, const Call& call);
Reply show_job(const Context& context, const Call& call);
Reply stop_job(const Context& context, const Call& call);
Reply list_allocs(const Context& context, const Call& call);
Reply show_alloc(const Context& context, const Call& call);
Reply order_alloc(const Context& context, const Call& call);
Reply read_logs(const Context& context, const Call& call);
Reply open_exec(const Context& context, const Call& call);
Reply read_exec(const Context& context, const Call& call);
Reply write_exec(const Context& context, const Call& call);
Reply resize_exec(const Context& context, const Call& call);
Reply signal_exec(const Context& context, const Call& call);
Reply close_exec(const Context& context, const Call& call);
Reply list_events(const Context& context, const Call& call);
Reply list_variables(const Context& context, const Call& call);
Reply show_variable(const Context& context, const Call& call);
Reply put_variable(const Context& context, const Call& call);
Reply remove_variable(const Context& context, const Call& call);
Reply list_nodes(const Context& context, const Call& call);
Reply drain_node(const Context& context, const Call& call);
Reply set_eligibility(const Context& context, const Call& call);
Reply collect_garbage(const Context& context, const Call& call);
Reply back_up_store(const Context& context, const Call& call);
Reply check_store(const Context& context, const Call& call);
Reply list_audit(const Context& context, const Call& call);
Reply show_health(const Context& context, const Call& call);
Reply show_metrics(const Context& context, const Call& call);

}  // namespace drover::gateway
