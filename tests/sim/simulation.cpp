#include "simulation.hpp"

#include <memory>

#include "faults.hpp"
#include "settled.hpp"
#include "users.hpp"

namespace drover::sim {
namespace {

void run(System& system) {
    World& world = system.world;
    const Instant begin = world.now();
    system.start();
    schedule_faults(system);
    schedule_users(system);
    world.run_until(begin + kTrouble);
    system.make_calm();
    while (world.now() < begin + kTrouble + kCalm) {
        world.run_until(world.now() + kBeat);
        if (trouble(system).empty()) break;
    }
    if (const std::string left = trouble(system); !left.empty()) world.violate("everything settles", left);
    world.run_until(world.now() + kBeat * 2);
    if (const std::string left = trouble(system); !left.empty()) world.violate("everything settles for good", left);
    system.history.check_complete();
}

}  // namespace

Outcome simulate(const Setup& setup, EdgesSeen& edges) {
    auto system = std::make_unique<System>(setup.seed, setup.only, setup.trace, edges);
    if (setup.watch) system->world.watch = [&setup, &system] { setup.watch(*system); };
    Outcome outcome;
    try {
        run(*system);
    } catch (const Violation& violation) {
        outcome.promise = violation.promise;
        outcome.how = violation.how;
    }
    outcome.taken = system->options.taken();
    outcome.steps = system->world.steps;
    return outcome;
}

}  // namespace drover::sim
