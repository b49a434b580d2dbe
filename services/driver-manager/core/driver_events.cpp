#include "driver-manager/core/driver_events.hpp"

namespace drover::driver_manager {

Result<std::uint64_t> route(const Inventory& inventory, const wire::DriverEvent& event) {
    const std::string who = "task " + event.task + " of alloc " + event.alloc;
    const auto observed = inventory.observed({event.alloc, event.task});
    if (!observed || observed->incarnations.empty())
        return fail(ErrorKind::not_found, "there is no " + who + " on this node");
    const wire::IncarnationObserved& newest = observed->incarnations.back();
    if (newest.id != event.id)
        return fail(ErrorKind::not_found, "an earlier start of " + who + " is meant, " + event.id);
    return newest.seq;
}

}  // namespace drover::driver_manager
