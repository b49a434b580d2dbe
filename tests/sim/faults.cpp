#include "faults.hpp"

namespace drover::sim {
namespace {

using What = std::function<void()>;

void outages(System& system, const std::string& name, int most, std::uint64_t percent, const What& down,
             const What& up) {
    for (int n = 1; n <= most; ++n) {
        auto random = system.options.draw(name + "-" + std::to_string(n), percent);
        if (!random) continue;
        const Duration begin = random->between(Duration{}, kTrouble);
        const Duration length = random->between(milliseconds(1), milliseconds(1500));
        const auto stop = [&system, down] {
            if (system.trouble_over) return;
            system.disturb();
            down();
        };
        const auto again = [&system, up] {
            if (system.trouble_over) return;
            up();
            system.disturb();
        };
        system.world.after(begin, stop);
        system.world.after(begin + length, again);
    }
}

void let_store_die(System& system) {
    Store& store = system.store;
    outages(
        system, "store-dies", 2, 50,
        [&store] {
            if (store.up()) store.crash();
        },
        [&store] {
            if (!store.up()) store.start();
        });
}

// Of what runs; the place of what has ended would have to be known from somewhere.
void let_store_lose(System& system) {
    Store& store = system.store;
    outages(
        system, "store-loses", 2, 15,
        [&store] {
            if (store.up()) store.crash();
        },
        [&system, &store] {
            if (store.up()) return;
            for (const std::string& id : std::vector<std::string>(store.allocs())) {
                if (id.front() % 2 == 0 || !system.lives(id)) continue;
                system.lost.emplace(id, *store.alloc(id));
                store.lose(id);
            }
            store.start();
        });
}

void let_die(System& system, Node& node) {
    outages(
        system, node.id() + "-dies", 3, 50,
        [&node] {
            if (node.up()) node.crash();
        },
        [&node] {
            if (!node.up()) node.start();
        });
    // As placement sees it.
    Store& store = system.store;
    const auto say = [&store, id = node.id()](bool ready) {
        return [&store, id, ready] {
            if (store.up()) store.set_node(id, ready);
        };
    };
    outages(system, node.id() + "-away", 2, 50, say(false), say(true));
    auto random = system.options.draw(node.id() + "-away-at-first", 10);
    if (!random) return;
    store.set_node(node.id(), false);
    system.world.after(random->between(milliseconds(20), seconds(2)), say(true));
}

void let_die(System& system, std::size_t i) {
    Runner& runner = *system.runners[i];
    const auto again = [&runner] {
        if (!runner.up()) runner.start();
    };
    outages(
        system, runner.id() + "-dies", 3, 38,
        [&runner] {
            if (runner.up()) runner.crash();
        },
        again);
    outages(
        system, runner.id() + "-leaves", 1, 38,
        [&runner] {
            if (runner.up()) runner.leave();
        },
        again);
    outages(
        system, runner.id() + "-cut", 1, 25, [&system, i] { system.cut[i] = true; },
        [&system, i] { system.cut[i] = false; });
}

}  // namespace

void schedule_faults(System& system) {
    let_store_die(system);
    let_store_lose(system);
    for (auto& node : system.nodes) let_die(system, *node);
    for (std::size_t i = 0; i < system.runners.size(); ++i) let_die(system, i);
}

}  // namespace drover::sim
