// Whom what a driver says concerns: a start of a task, found by alloc and task, with the start's id to tell it from
// those before it.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "driver-manager/core/inventory.hpp"
#include "wire/driver.hpp"

namespace drover::driver_manager {

// The number of the start. not_found: there is no such task, or the start is not its newest.
Result<std::uint64_t> route(const Inventory& inventory, const wire::DriverEvent& event);

}  // namespace drover::driver_manager
