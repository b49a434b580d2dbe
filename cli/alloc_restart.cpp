// drover alloc restart ID [TASK]
#include "cli/alloc_order.hpp"

namespace drover::cli {

void add_alloc_restart(CLI::App& alloc, Session& session) {
    const auto order = std::make_shared<AllocOrder>();
    CLI::App* verb = add_verb(alloc, session, "restart", "restart the running tasks of an alloc, or one of them",
                              "drover alloc restart 4f1c2a9b server", [&session, order] {
                                  return give_order(session, "restart", *order, "Alloc % is being restarted.");
                              });
    add_alloc_id(*verb, *order);
    add_alloc_task(*verb, *order);
}

}  // namespace drover::cli
