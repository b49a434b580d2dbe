// drover-chaos: storms over a whole Drover of real processes, and what came of it.
#include <gtest/gtest.h>
#include <poll.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "arena.hpp"
#include "integration/wait.hpp"
#include "judge.hpp"
#include "report.hpp"

namespace drover::chaos {
namespace {

using integration::now;

constexpr const char* kHelp =
    "usage: drover-chaos [--seed N] [--kills N] [--minutes M] [--tasks N] [--storm SECONDS] [--handovers N]\n"
    "                    [--json FILE] [--keep DIR]\n"
    "\n"
    "Runs a whole Drover of real processes, 3 alloc-runners and 2 driver-managers, and lets storms loose on it: kill "
    "-9,\n"
    "SIGSTOP, lost and delayed messages, full disks, stepped clocks. After each storm it has to come to rest; in the "
    "end\n"
    "what is recorded is compared with what the tasks themselves wrote down. Exit code 1: a promise was broken.\n"
    "\n"
    "  --seed N         what the faults are drawn from (1)\n"
    "  --kills N        storms until so many services were killed (1000)\n"
    "  --minutes M      or until so many minutes have passed (60)\n"
    "  --tasks N        how many run at any time (200)\n"
    "  --storm SECONDS  how long one storm lasts (12)\n"
    "  --handovers N    how often an alloc-runner is taken away after the storms (9: each killed, frozen, cut off)\n"
    "  --json FILE      adds what came of it, a line a run\n"
    "  --keep DIR       if a promise was broken, what the services wrote is left there\n";

struct Flags {
    Setup setup;
    std::uint64_t kills = 1000;
    std::uint64_t minutes = 60;
    std::uint64_t tasks = 200;
    std::uint64_t storm = 12;
    std::uint64_t handovers = 9;
    std::string json;
    std::string keep;
};

bool read_flags(int argc, char** argv, Flags& flags) {
    const std::pair<std::string_view, std::uint64_t*> numbers[] = {
        {"--seed", &flags.setup.seed}, {"--kills", &flags.kills}, {"--minutes", &flags.minutes},
        {"--tasks", &flags.tasks},     {"--storm", &flags.storm}, {"--handovers", &flags.handovers}};
    const std::pair<std::string_view, std::string*> texts[] = {{"--json", &flags.json}, {"--keep", &flags.keep}};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return false;
        bool known = false;
        for (const auto& [name, text] : texts) {
            if (name != argv[i]) continue;
            *text = argv[i + 1];
            known = true;
        }
        for (const auto& [name, number] : numbers) {
            if (name != argv[i]) continue;
            const char* end = argv[i + 1] + std::strlen(argv[i + 1]);
            const auto [stop, error] = std::from_chars(argv[i + 1], end, *number);
            known = error == std::errc() && stop == end;
        }
        if (!known) return false;
    }
    flags.setup.tasks = static_cast<int>(flags.tasks);
    return true;
}

void run_storm(Arena& arena, Random& random, Duration length) {
    const std::vector<Blow> blows = plan_storm(random, length);
    arena.relay().set({.loss = 10, .held = 10, .repeated = 3});
    const Instant began = now();
    for (const Blow& blow : blows) {
        while (now() < began + blow.at) {
            arena.tend();
            poll(nullptr, 0, 10);
        }
        arena.tend();
        arena.strike(blow);
    }
    arena.calm();
    ++arena.ledger().storms;
}

// Each alloc-runner in turn, each in another way; between them everything comes to rest.
void hand_over_often(Arena& arena, Judge& judge, int times, int runners) {
    constexpr Fault kWays[] = {Fault::kill, Fault::freeze, Fault::cut_off};
    for (int i = 0; i < times; ++i) {
        const Fault fault = kWays[i % 3];
        const int runner = (i / 3 + i) % runners;
        const auto took = hand_over(arena, fault, runner);
        auto& ledger = arena.ledger();
        const std::string what = std::string(to_string(fault)) + " of alloc-runner " + std::to_string(runner);
        if (took) ledger.handovers.push_back(*took);
        if (!took) ledger.offences.push_back("after " + what + " its jobs were not taken over");
        std::printf("  %s: its jobs moved within %s\n", what.c_str(), took ? to_string(*took).c_str() : "never");
        std::fflush(stdout);
        arena.calm();
        if (!judge.await_rest()) return;
    }
}

// What the tasks and the services have written, and how they see the allocs.
void keep(Arena& arena, const std::string& dir) {
    std::error_code failed;
    std::filesystem::create_directories(dir, failed);
    const Json allocs = arena.cluster().get("/v1/allocs");
    std::ofstream(dir + "/allocs.json") << allocs.dump(1) << "\n";
    if (allocs.is_object()) {
        for (const Json& alloc : allocs["allocs"]) {
            const std::string id = alloc.value("id", "");
            std::ofstream(dir + "/alloc-" + id + ".json") << arena.cluster().get("/v1/allocs/" + id).dump(1) << "\n";
        }
    }
    constexpr auto kHow = std::filesystem::copy_options::recursive | std::filesystem::copy_options::skip_existing |
                          std::filesystem::copy_options::skip_symlinks;
    for (const auto& entry : std::filesystem::directory_iterator(arena.cluster().dir(), failed)) {
        const std::string name = entry.path().filename();
        if (entry.is_regular_file() || name == "truth" || name == "state-store")
            std::filesystem::copy(entry.path(), dir + "/" + name, kHow, failed);
    }
    std::printf("what is left of it is in %s\n", dir.c_str());
}

int run(const Flags& flags) {
    Arena arena(flags.setup);
    std::printf("seed %llu, %d tasks, in %s\n", static_cast<unsigned long long>(flags.setup.seed), flags.setup.tasks,
                arena.cluster().dir().c_str());
    for (const std::string& limit : arena.limits()) std::printf("%s\n", limit.c_str());
    std::fflush(stdout);
    const Instant began = now();
    if (!arena.begin()) {
        std::printf("it did not begin\n%s\n", arena.cluster().logs().c_str());
        return 1;
    }
    Judge judge(arena);
    Random random(flags.setup.seed);
    Ledger& ledger = arena.ledger();
    bool rests = judge.await_rest().has_value();
    while (rests && ledger.service_kills < flags.kills &&
           now() - began < minutes(static_cast<std::int64_t>(flags.minutes))) {
        run_storm(arena, random, seconds(static_cast<std::int64_t>(flags.storm)));
        const auto took = judge.await_rest();
        rests = took.has_value();
        if (took) ledger.recoveries.push_back(*took);
        std::printf("storm %llu, %llu services killed: rest after %s, last: %s; %zu offences\n",
                    static_cast<unsigned long long>(ledger.storms),
                    static_cast<unsigned long long>(ledger.service_kills), took ? to_string(*took).c_str() : "never",
                    judge.last_missing().c_str(), ledger.offences.size());
        std::fflush(stdout);
    }
    if (rests) hand_over_often(arena, judge, static_cast<int>(flags.handovers), flags.setup.alloc_runners);
    judge.close();
    const Json report = make_report(arena, judge, flags.setup, now() - began);
    std::printf("%s\n", report.dump(2).c_str());
    if (!flags.json.empty()) write_report(report, flags.json);
    if (!ledger.offences.empty() && !flags.keep.empty()) keep(arena, flags.keep);
    return ledger.offences.empty() ? 0 : 1;
}

}  // namespace
}  // namespace drover::chaos

int main(int argc, char** argv) {
    drover::chaos::Flags flags;
    const bool help = argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h");
    if (help || !drover::chaos::read_flags(argc, argv, flags)) {
        std::fputs(drover::chaos::kHelp, help ? stdout : stderr);
        return help ? 0 : 2;
    }
#ifdef DROVER_SANITIZED
    flags.setup.clocks = false;
#endif
    // The cluster speaks through GoogleTest's expectations.
    testing::InitGoogleTest();
    const int code = drover::chaos::run(flags);
    return testing::Test::HasFailure() ? 1 : code;
}
