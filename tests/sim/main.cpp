// drover-sim: runs simulations, one per seed, and says how to see a failing one again.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "alloc-runner/core/alloc.hpp"
#include "alloc-runner/core/job.hpp"
#include "shrink.hpp"

namespace drover::sim {
namespace {

struct Flags {
    std::uint64_t first = 1;
    std::uint64_t seeds = 20'000;
    Options::Only only;
    bool trace = false;
    bool shrink = false;
    bool edges = false;   // fail when an edge was never taken
    bool counts = false;  // print how often each was
};

constexpr const char* kHelp =
    "usage: drover-sim [--seeds N] [--first N] [--seed N] [--only LIST] [--trace] [--shrink] [--edges] [--counts]\n"
    "\n"
    "Simulates alloc-runners, a store, driver-managers and their network under virtual time, one system per seed, and\n"
    "checks what Drover promises after every step.\n"
    "\n"
    "  --seeds N    how many (20000)\n"
    "  --first N    the first of them (1)\n"
    "  --seed N     only this one\n"
    "  --only LIST  of what the seed draws, only these: names with commas between them, - for none\n"
    "  --trace      show every step\n"
    "  --shrink     of the first that fails, find a smaller run that breaks the same promise\n"
    "  --edges      also fail when a transition that the tables declare was never taken\n"
    "  --counts     show how often each of them was\n";

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
        } else if (flag == "--shrink") {
            flags.shrink = true;
        } else if (flag == "--edges") {
            flags.edges = true;
        } else if (flag == "--counts") {
            flags.counts = true;
        } else if (i + 1 < argc && flag == "--only") {
            flags.only = split(argv[++i]);
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
bool all_taken(const char* table, const Edge<State> (&edges)[N], const EdgeCounts& counts, bool show) {
    bool all = true;
    for (std::size_t i = 0; i < N; ++i) {
        all &= counts[i] != 0;
        if (show || counts[i] == 0)
            std::printf("%9llu times: %s edge %zu, \"%s\"\n", static_cast<unsigned long long>(counts[i]), table, i,
                        std::string(edges[i].why).c_str());
    }
    return all;
}

void tell(std::uint64_t seed, const Outcome& outcome, const Flags& flags) {
    const auto number = static_cast<unsigned long long>(seed);
    std::printf("seed %llu: broken: %s\n%s\n", number, outcome.promise.c_str(), outcome.how.c_str());
    if (!flags.shrink) {
        std::printf(
            "to see it again: ./dev sim --seed %llu --trace\nto make it smaller: ./dev sim --seed %llu --shrink\n",
            number, number);
        return;
    }
    EdgesSeen edges;
    const Shrunk shrunk = shrink(outcome, [&](const std::set<std::string>& only) {
        return simulate({seed, only, false}, edges);
    });
    const std::string only = join(shrunk.only);
    std::printf(
        "%zu of %zu options are needed for it:\n  ./dev sim --seed %llu --only %s --trace\n"
        "as a line of tests/sim/regressions.txt:\n%llu %s  # %s\n",
        shrunk.only.size(), outcome.taken.size(), number, only.c_str(), number, only.c_str(), outcome.promise.c_str());
}

int run(const Flags& flags) {
    EdgesSeen edges;
    std::uint64_t steps = 0;
    for (std::uint64_t seed = flags.first; seed < flags.first + flags.seeds; ++seed) {
        const Outcome outcome = simulate({seed, flags.only, flags.trace}, edges);
        steps += outcome.steps;
        if (outcome.promise.empty()) continue;
        tell(seed, outcome, flags);
        return 1;
    }
    std::printf("%llu seeds, %llu steps, every promise held\n", static_cast<unsigned long long>(flags.seeds),
                static_cast<unsigned long long>(steps));
    const bool task = all_taken("task", alloc_runner::kTaskEdges, edges.task, flags.counts);
    const bool alloc = all_taken("alloc", alloc_runner::kAllocEdges, edges.alloc, flags.counts);
    const bool slot = all_taken("slot", alloc_runner::kSlotEdges, edges.slot, flags.counts);
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
