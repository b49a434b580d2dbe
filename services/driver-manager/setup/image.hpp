// The image of a container: drover-docker has the daemon get it, where it is not there.
#pragma once

#include "driver-manager/setup/children.hpp"
#include "driver-manager/setup/step.hpp"

namespace drover::setup {

// Over at once for a task that is no container. While the daemon does not answer the step waits for it, without an end;
// what the daemon or a registry refuses fails it.
StepMaker get_image(Children& children, rt::Loop& loop);

}  // namespace drover::setup
