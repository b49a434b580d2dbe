// drover alloc signal -s SIGNAL ID [TASK]
#include "cli/alloc_order.hpp"

namespace drover::cli {

void add_alloc_signal(CLI::App& alloc, Session& session) {
    const auto order = std::make_shared<AllocOrder>();
    CLI::App* verb = add_verb(
        alloc, session, "signal", "send a signal to the running tasks of an alloc, or to one of them",
        "drover alloc signal -s SIGHUP 4f1c2a9b server",
        [&session, order] { return give_order(session, "signal", *order, "Alloc % is being sent the signal."); });
    verb->add_option("-s,--signal", order->signal, "name of the signal, as SIGHUP")->required()->type_name("SIGNAL");
    add_alloc_id(*verb, *order);
    add_alloc_task(*verb, *order);
}

}  // namespace drover::cli
