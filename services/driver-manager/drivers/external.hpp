// external: tasks of drivers that are programs of their own (docs/drivers.md). Their names are whatever is no driver of
// ours and is not mistaken for one, so that a typing mistake in ours is told before anything runs.
#pragma once

#include <set>

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

// May the word be the name of an external driver? Letters, digits, '_' and '-', at most 63, not near one of ours.
bool may_be_external(std::string_view name);

// What no external driver can do.
Result<void> external_check(const wire::TaskSpec& spec);

// What the driver's supervisor is told. `spec.config` is the driver's to check.
Result<LaunchPlan> external_plan(const wire::TaskSpec& spec, const TaskContext& context);

}  // namespace drover::drivers
