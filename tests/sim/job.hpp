// The jobs of a simulation.
#pragma once

#include "options.hpp"
#include "wire/job.hpp"

namespace drover::sim {

wire::JobSpec draw_job(Options& options, std::uint64_t seed, const std::string& name);

// The task of the group with this name, which it has.
const wire::TaskSpec& spec_of(const wire::GroupSpec& group, const std::string& task);
// What the task is for is done at some time.
bool is_ephemeral(const wire::GroupSpec& group, const std::string& task);

}  // namespace drover::sim
