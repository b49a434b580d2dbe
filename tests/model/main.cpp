// drover-model: looks at every state that a small Drover can get into.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "search.hpp"

namespace drover::model {
namespace {

constexpr const char* kHelp =
    "usage: drover-model [--FAULT N]... [--late N] [--without fence|floor|adoption] [--states N]\n"
    "\n"
    "Two alloc-runners, a store and a node with their real cores: looks at every state that they can get into when "
    "all\n"
    "that may happen happens in every order, and checks what Drover promises. The first broken promise is shown with "
    "a\n"
    "shortest way to it.\n"
    "\n"
    "  how often what may go wrong (0):\n"
    "  --lapses N          an alloc-runner that lives loses its lease, because the store does not hear it any more\n"
    "  --returns N         the store hears it again\n"
    "  --owner-deaths N    an alloc-runner dies\n"
    "  --store-deaths N    the store dies\n"
    "  --node-deaths N     the driver-manager dies, also in the middle of what it does\n"
    "  --exits N           a process ends by itself\n"
    "  --start-failures N  a process cannot be started\n"
    "  --late-vectors N    the store hears of an alloc-runner that has died since\n"
    "  --job-stops N       a user stops the job (at most 1)\n"
    "\n"
    "  --late N            news of each sender that may still arrive after newer ones, up to 3 (1)\n"
    "  --without WHAT      leave out what keeps a promise: fence, floor or adoption\n"
    "  --states N          give up after so many states\n";

bool read_number(const char* text, std::size_t& value) {
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, value);
    return error == std::errc() && stop == end;
}

bool read_without(std::string_view what, Without& without) {
    if (what == "fence") return without.fence = true;
    if (what == "floor") return without.floor = true;
    if (what == "adoption") return without.adoption = true;
    return false;
}

// False: the arguments make no sense.
bool read_flags(int argc, char** argv, Setting& setting, Limits& limits) {
    const struct {
        const char* name;
        Id* value;
    } numbers[] = {{"--lapses", &setting.faults.lapses},
                   {"--returns", &setting.faults.returns},
                   {"--owner-deaths", &setting.faults.owner_deaths},
                   {"--store-deaths", &setting.faults.store_deaths},
                   {"--node-deaths", &setting.faults.node_deaths},
                   {"--exits", &setting.faults.exits},
                   {"--start-failures", &setting.faults.start_failures},
                   {"--late-vectors", &setting.faults.late_vectors},
                   {"--job-stops", &setting.faults.job_stops},
                   {"--late", &setting.late}};
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view flag = argv[i];
        std::size_t number = 0;
        bool known = false;
        if (flag == "--without") {
            known = read_without(argv[i + 1], setting.without);
        } else if (!read_number(argv[i + 1], number)) {
            return false;
        } else if (flag == "--states") {
            known = true;
            limits.states = number;
        }
        for (const auto& one : numbers) {
            if (flag != one.name) continue;
            known = number < 16;
            *one.value = static_cast<Id>(number);
        }
        if (!known) return false;
    }
    return argc % 2 == 1 && setting.late < Stream::kMost && setting.faults.job_stops <= 1;
}

void tell(const Outcome& outcome) {
    std::printf("%zu states, %zu steps, depth %zu, %zu quiet; different states: %s\n", outcome.states, outcome.steps,
                outcome.depth, outcome.quiet, outcome.parts.c_str());
    std::fflush(stdout);
}

int run(const Setting& setting, Limits limits) {
    limits.progress = [](const Outcome& so_far) { tell(so_far); };
    const Outcome outcome = search(setting, limits);
    tell(outcome);
    if (!outcome.broken.empty()) {
        std::printf("broken: %s\n", outcome.broken.c_str());
        for (std::size_t i = 0; i < outcome.trace.size(); ++i)
            std::printf("%4zu. %s\n", i + 1, outcome.trace[i].c_str());
        return 1;
    }
    std::printf(outcome.complete ? "every promise held in every state\n"
                                 : "every promise held so far; given up at the limit of states\n");
    return outcome.complete ? 0 : 3;
}

}  // namespace
}  // namespace drover::model

int main(int argc, char** argv) {
    drover::model::Setting setting;
    drover::model::Limits limits;
    if (!drover::model::read_flags(argc, argv, setting, limits)) {
        std::fputs(drover::model::kHelp, stderr);
        return 2;
    }
    return drover::model::run(setting, limits);
}
