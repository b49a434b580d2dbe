// What stop, restart and signal have in common: one order to one alloc.
#pragma once

#include "cli/verb.hpp"

namespace drover::cli {

struct AllocOrder {
    std::string id;
    std::string task;                // empty: all of them
    std::string signal;              // only of "signal"
    bool all = false;                // only of "restart": the whole alloc, from the beginning
    bool no_shutdown_delay = false;  // not of "signal"
};

// Posts the order; says `done`, with the alloc's short id for "%", when it was taken.
int give_order(const Session& session, const std::string& verb, const AllocOrder& order, const std::string& done);

void add_alloc_id(CLI::App& verb, AllocOrder& order);
void add_alloc_task(CLI::App& verb, AllocOrder& order);
void add_no_shutdown_delay(CLI::App& verb, bool& flag);

}  // namespace drover::cli
