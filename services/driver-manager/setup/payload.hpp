// The payload step: the job's payload as a file in the task's local/.
#pragma once

#include "driver-manager/setup/step.hpp"

namespace drover::setup {

// Writes local/<payload_file>, mode 0777 so that whoever the task runs as can use it. A name that leaves local/, or
// leads through a link, is refused.
Result<void> write_payload(Site& place);

}  // namespace drover::setup
