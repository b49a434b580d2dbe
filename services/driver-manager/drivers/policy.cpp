#include "driver-manager/drivers/policy.hpp"

#include <algorithm>

namespace drover::drivers {
namespace {

bool lists(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<void> check(const Policy& policy) {
    for (const auto& [option, names] :
         {std::pair("drivers_allow", &policy.allow), std::pair("drivers_block", &policy.block)})
        for (const std::string& name : *names)
            if (const auto found = find_driver(name); !found)
                return fail(found.error().kind,
                            "option " + std::string(option) + " cannot be used: " + found.error().message);
    return {};
}

Result<void> permit(const Policy& policy, std::string_view driver) {
    if (lists(policy.block, driver)) return fail(ErrorKind::refused, "forbidden on this node: drivers_block names it");
    if (!policy.allow.empty() && !lists(policy.allow, driver))
        return fail(ErrorKind::refused, "forbidden on this node: drivers_allow does not name it");
    return {};
}

Result<void> permit_user(const Policy& policy, std::string_view driver, std::uint32_t uid) {
    if (uid != 0 || driver != "raw_exec" || policy.raw_exec_root) return {};
    return fail(
        ErrorKind::refused,
        "raw_exec runs no task as root on this node: give the task a user, isolate it with the driver exec, or have "
        "the node's owner set raw_exec_root to allow");
}

bool may_read_host(const Policy& policy, std::string_view driver, bool root) {
    const bool isolated = driver != "raw_exec" && driver != "mock";
    return policy.host_files || (!isolated && (policy.raw_exec_root || !root));
}

const std::map<std::string, wire::DriverInfo>& Health::look(const HostFacts& host) {
    for (const Driver& driver : all_drivers()) {
        wire::DriverInfo& seen = seen_[std::string(driver.name)];
        if (const auto permitted = permit(policy_, driver.name); !permitted) {
            seen = {.detected = false, .healthy = false, .description = permitted.error().message};
            continue;
        }
        wire::DriverInfo now = driver.fingerprint(host);
        now.detected = now.detected || seen.detected;
        seen = std::move(now);
    }
    return seen_;
}

}  // namespace drover::drivers
