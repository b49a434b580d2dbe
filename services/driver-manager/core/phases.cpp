#include "driver-manager/core/phases.hpp"

#include <algorithm>
#include <iterator>

namespace drover::driver_manager {

bool may_follow(wire::RunPhase from, wire::RunPhase to) {
    return std::any_of(std::begin(kPhaseEdges), std::end(kPhaseEdges),
                       [=](const PhaseEdge& edge) { return edge.from == from && edge.to == to; });
}

}  // namespace drover::driver_manager
