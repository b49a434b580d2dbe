#include "plan.hpp"

namespace drover::chaos {
namespace {

struct Weight {
    Fault fault;
    std::uint64_t weight;
};

// Kills are the bulk; what takes a whole disk or all services away at once is rarer.
constexpr Weight kWeights[] = {{Fault::kill, 44},      {Fault::kill_some, 5}, {Fault::kill_all, 3},
                               {Fault::terminate, 4},  {Fault::freeze, 8},    {Fault::cut_off, 4},
                               {Fault::kill_task, 14}, {Fault::kill_shim, 1}, {Fault::fill_disk, 3},
                               {Fault::step_clock, 4}, {Fault::submit, 10}};

Fault draw(Random& random) {
    std::uint64_t sum = 0;
    for (const Weight& one : kWeights) sum += one.weight;
    std::uint64_t at = random.below(sum);
    for (const Weight& one : kWeights) {
        if (at < one.weight) return one.fault;
        at -= one.weight;
    }
    return Fault::kill;
}

Duration length_of(Fault fault, Random& random) {
    switch (fault) {
        // Most are back at once, some stay away longer than a lease lasts.
        case Fault::kill:
        case Fault::kill_some:
        case Fault::kill_all:
            return random.below(8) == 0 ? random.between(seconds(1), seconds(5))
                                        : random.between({}, milliseconds(400));
        case Fault::freeze: return random.between(milliseconds(200), seconds(5));
        case Fault::cut_off: return random.between(seconds(1), seconds(6));
        case Fault::fill_disk: return random.between(milliseconds(500), seconds(3));
        default: return {};
    }
}

}  // namespace

const char* to_string(Fault fault) {
    switch (fault) {
        case Fault::kill: return "kill";
        case Fault::kill_some: return "kill some";
        case Fault::kill_all: return "kill all";
        case Fault::terminate: return "terminate";
        case Fault::freeze: return "freeze";
        case Fault::cut_off: return "cut off";
        case Fault::kill_task: return "kill task";
        case Fault::kill_shim: return "kill shim";
        case Fault::fill_disk: return "fill disk";
        case Fault::step_clock: return "step clock";
        case Fault::submit: return "submit";
    }
    return "?";
}

std::vector<Blow> plan_storm(Random& random, Duration length) {
    std::vector<Blow> blows;
    for (Duration at; at < length; at = at + random.between(milliseconds(20), milliseconds(400))) {
        Blow blow{.at = at, .fault = draw(random), .target = random.next(), .lasts = {}, .amount = 0};
        blow.lasts = length_of(blow.fault, random);
        // Forwards and backwards, by up to two hours.
        if (blow.fault == Fault::step_clock) blow.amount = static_cast<std::int64_t>(random.below(14'401)) - 7'200;
        blows.push_back(blow);
    }
    return blows;
}

}  // namespace drover::chaos
