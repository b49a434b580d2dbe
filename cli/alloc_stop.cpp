// drover alloc stop ID [--no-shutdown-delay]
#include "cli/alloc_order.hpp"

namespace drover::cli {

void add_alloc_stop(CLI::App& alloc, Session& session) {
    const auto order = std::make_shared<AllocOrder>();
    CLI::App* verb =
        add_verb(alloc, session, "stop", "end every task of an alloc for good", "drover alloc stop 4f1c2a9b",
                 [&session, order] { return give_order(session, "stop", *order, "Alloc % is being stopped."); });
    add_alloc_id(*verb, *order);
    add_no_shutdown_delay(*verb, order->no_shutdown_delay);
}

}  // namespace drover::cli
