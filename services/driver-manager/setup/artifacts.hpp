// The artifacts step: a drover-fetch for each artifact that the task's directory does not have yet, a few at once.
#pragma once

#include "driver-manager/setup/children.hpp"
#include "driver-manager/setup/step.hpp"

namespace drover::setup {

struct FetchLimits {
    std::size_t at_once = 3;  // of one task
    Duration time = minutes(30);
    std::uint64_t bytes = 10ULL << 30;
};

// `program`: the words that start drover-fetch; empty: the step fails. Artifacts that are complete are remembered in
// the task's directory, so that neither a restart nor another try fetches them again. The first that fails ends the
// step.
StepMaker fetch_artifacts(Children& children, std::vector<std::string> program, FetchLimits limits);

}  // namespace drover::setup
