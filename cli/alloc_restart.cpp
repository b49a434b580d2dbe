// drover alloc restart ID [TASK] [--all]
#include "cli/alloc_order.hpp"

namespace drover::cli {

void add_alloc_restart(CLI::App& alloc, Session& session) {
    const auto order = std::make_shared<AllocOrder>();
    CLI::App* verb =
        add_verb(alloc, session, "restart", "restart the running tasks of an alloc, one of them, or all of it",
                 "drover alloc restart 4f1c2a9b server",
                 [&session, order] { return give_order(session, "restart", *order, "Alloc % is being restarted."); });
    add_alloc_id(*verb, *order);
    verb->add_option("TASK", order->task, "one of its tasks; all that run when left out")->type_name("");
    verb->add_flag("--all", order->all, "the whole alloc from the beginning, tasks that have ended too");
}

}  // namespace drover::cli
