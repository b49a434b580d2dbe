// Run: one incarnation as the launcher remembers it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"
#include "driver-manager/drivers/plan.hpp"
#include "driver-manager/launcher/launcher.hpp"
#include "driver-manager/launcher/leftovers.hpp"

namespace drover::launcher {

enum class Stage {
    queued,    // nothing on disk; `plan` waits
    starting,  // the shim is spawned, or was found without a record, and has not spoken
    live,      // the shim has spoken
    ending,    // the shim is dead without a final record: what it left is being killed
    ended,     // `seen` is final
};

struct Run {
    RunKey key;
    std::string dir;
    Stage stage = Stage::queued;
    wire::IncarnationObserved seen;
    std::optional<wire::IncarnationObserved> said;  // what the listener heard last
    drivers::LaunchPlan plan;                       // while queued

    UniqueFd pidfd;   // of the shim
    UniqueFd socket;  // to the shim
    rt::Token on_death = 0;
    rt::Token on_word = 0;
    rt::Token retry = 0;     // connect again, look again, strike again
    rt::Token overdue = 0;   // the shim should have spoken
    rt::Token watchdog = 0;  // the shim should have carried out the stop
    std::uint32_t tries = 0;

    struct Stop {
        int signal = 0;
        Duration timeout;
    };
    std::optional<Stop> stop;
    bool stop_seen = false;                // the shim has it
    std::map<std::uint64_t, int> signals;  // order -> number, not yet applied
    std::uint64_t signals_sent = 0;        // highest order sent on this connection

    std::uint32_t replaced = 0;  // supervisors that died soon, one after the other
    Instant replaced_at;

    std::optional<Leftovers> leftovers;
    ShimStatus last{};  // what the shim said last; while ending, its last record
    Instant give_up;
};

}  // namespace drover::launcher
