// drover-sim: runs simulations, one per seed, and says how to see a failing one again.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "alloc-runner/core/alloc.hpp"
#include "alloc-runner/core/job.hpp"
#include "simulation.hpp"

namespace drover::sim {
namespace {

struct Flags {
    std::uint64_t first = 1;
    std::uint64_t seeds = 20'000;
    bool trace = false;
    bool edges = false;  // fail when an edge was never taken
};

constexpr const char* kHelp =
    "usage: drover-sim [--seeds N] [--first N] [--seed N] [--trace] [--edges]\n"
    "\n"
    "Simulates an alloc-runner, a store, a driver-manager and their network under virtual time, one system per seed,\n"
    "and checks what Drover promises after every step.\n"
    "\n"
    "  --seeds N   how many (20000)\n"
    "  --first N   the first of them (1)\n"
    "  --seed N    only this one\n"
    "  --trace     show every step\n"
    "  --edges     also fail when a transition that the tables declare was never taken\n";

bool read_number(const char* text, std::uint64_t& value) {
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, value);
    return error == std::errc() && stop == end;
}

// False: the arguments make no sense.
bool read_flags(int argc, char** argv, Flags& flags) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view flag = argv[i];
        if (flag == "--trace") {
            flags.trace = true;
        } else if (flag == "--edges") {
            flags.edges = true;
        } else if (i + 1 < argc && flag == "--seeds") {
            if (!read_number(argv[++i], flags.seeds)) return false;
        } else if (i + 1 < argc && flag == "--first") {
            if (!read_number(argv[++i], flags.first)) return false;
        } else if (i + 1 < argc && flag == "--seed") {
            if (!read_number(argv[++i], flags.first)) return false;
            flags.seeds = 1;
        } else {
            return false;
        }
    }
    return true;
}

// Prints the edges that no seed took; true when there are none.
template <class State, std::size_t N>
bool all_taken(const char* table, const alloc_runner::Edge<State> (&edges)[N], const alloc_runner::EdgeCounts& counts) {
    bool all = true;
    for (std::size_t i = 0; i < N; ++i) {
        if (counts[i] != 0) continue;
        all = false;
        std::printf("never taken: %s edge %zu, \"%s\"\n", table, i, std::string(edges[i].why).c_str());
    }
    return all;
}

int run(const Flags& flags) {
    EdgesSeen edges;
    std::uint64_t steps = 0;
    for (std::uint64_t seed = flags.first; seed < flags.first + flags.seeds; ++seed) {
        const Outcome outcome = simulate(seed, flags.trace, edges);
        steps += outcome.steps;
        if (outcome.violation.empty()) continue;
        std::printf("seed %llu: %s\nto see it again: ./dev sim --seed %llu --trace\n",
                    static_cast<unsigned long long>(seed), outcome.violation.c_str(),
                    static_cast<unsigned long long>(seed));
        return 1;
    }
    std::printf("%llu seeds, %llu steps, every promise held\n", static_cast<unsigned long long>(flags.seeds),
                static_cast<unsigned long long>(steps));
    const bool task = all_taken("task", alloc_runner::kTaskEdges, edges.task);
    const bool alloc = all_taken("alloc", alloc_runner::kAllocEdges, edges.alloc);
    const bool slot = all_taken("slot", alloc_runner::kSlotEdges, edges.slot);
    return flags.edges && !(task && alloc && slot) ? 1 : 0;
}

}  // namespace
}  // namespace drover::sim

int main(int argc, char** argv) {
    drover::sim::Flags flags;
    if (!drover::sim::read_flags(argc, argv, flags)) {
        std::fputs(drover::sim::kHelp, stderr);
        return 2;
    }
    return drover::sim::run(flags);
}
