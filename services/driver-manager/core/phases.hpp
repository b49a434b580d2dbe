// The life of one incarnation as the driver-manager sees it: the only phases that may follow one another.
#pragma once

#include "wire/observed.hpp"

namespace drover::driver_manager {

struct PhaseEdge {
    wire::RunPhase from;
    wire::RunPhase to;
    const char* why;
};

// `starting` may be followed by `exited` without `running` in between: a short task can be over before anybody looked.
inline constexpr PhaseEdge kPhaseEdges[] = {
    {wire::RunPhase::starting, wire::RunPhase::running, "the process runs"},
    {wire::RunPhase::starting, wire::RunPhase::exited, "ended before it was seen to run"},
    {wire::RunPhase::starting, wire::RunPhase::start_failed, "could not be started"},
    {wire::RunPhase::starting, wire::RunPhase::never_started, "stopped before its turn came"},
    {wire::RunPhase::running, wire::RunPhase::exited, "the process ended"},
};

bool may_follow(wire::RunPhase from, wire::RunPhase to);

// Has, or may soon have, a process.
constexpr bool is_live(wire::RunPhase phase) {
    return phase == wire::RunPhase::starting || phase == wire::RunPhase::running;
}

}  // namespace drover::driver_manager
