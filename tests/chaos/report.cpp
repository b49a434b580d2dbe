#include "report.hpp"

#include <algorithm>
#include <fstream>

namespace drover::chaos {
namespace {

Json spread(std::vector<Duration> times) {
    if (times.empty()) return nullptr;
    std::sort(times.begin(), times.end());
    return {{"count", times.size()}, {"median_ms", times[times.size() / 2].ms()}, {"worst_ms", times.back().ms()}};
}

}  // namespace

Json make_report(Arena& arena, const Judge& judge, const Setup& setup, Duration took) {
    const Ledger& ledger = arena.ledger();
    const Relay::Counters bus = arena.relay().counters();
    Json blows = Json::object();
    for (const auto& [fault, count] : ledger.blows) blows[to_string(fault)] = count;
    return {{"seed", setup.seed},
            {"tasks", setup.tasks},
            {"alloc_runners", setup.alloc_runners},
            {"driver_managers", setup.driver_managers},
            {"seconds", took.ms() / 1000},
            {"storms", ledger.storms},
            {"blows", std::move(blows)},
            {"service_kills", ledger.service_kills},
            {"task_kills", ledger.task_kills},
            {"freezes", ledger.freezes},
            {"messages", {{"passed", bus.passed}, {"lost", bus.lost}, {"held", bus.held}, {"repeated", bus.repeated}}},
            {"tasks_that_ran", judge.totals().lives},
            {"exits_compared", judge.totals().exits},
            {"events_compared", judge.totals().events},
            {"samples_of_proc", arena.observer().samples()},
            {"recovery", spread(ledger.recoveries)},
            {"handover", spread(ledger.handovers)},
            {"worst_stall_ms", judge.worst_stall().ms()},
            {"limits", arena.limits()},
            {"offences", ledger.offences}};
}

void write_report(const Json& report, const std::string& path) {
    // Appended, so that runs add up.
    std::ofstream(path, std::ios::app) << report.dump() << "\n";
}

}  // namespace drover::chaos
