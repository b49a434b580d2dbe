// drover alloc restart ID [TASK] [--all] [--no-shutdown-delay]
#include "cli/alloc_order.hpp"

namespace drover::cli {

void add_alloc_restart(CLI::App& alloc, Session& session) {
    const auto order = std::make_shared<AllocOrder>();
    CLI::App* verb =
        add_verb(alloc, session, "restart", "restart the running tasks of an alloc, one of them, or all of it",
                 "drover alloc restart 4f1c2a9b server",
                 [&session, order] { return give_order(session, "restart", *order, "Alloc % is being restarted."); });
    add_alloc_id(*verb, *order);
    add_alloc_task(*verb, *order);
    verb->add_flag("--all", order->all, "the whole alloc from the beginning, tasks that have ended too");
    add_no_shutdown_delay(*verb, order->no_shutdown_delay);
}

}  // namespace drover::cli
