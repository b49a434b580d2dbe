#include "driver-manager/drivers/policy.hpp"

#include <algorithm>

namespace drover::drivers {
namespace {

bool lists(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<void> check(const Policy& policy, const std::map<std::string, std::string>& external) {
    for (const auto& [option, names] :
         {std::pair("drivers_allow", &policy.allow), std::pair("drivers_block", &policy.block)})
        for (const std::string& name : *names)
            if (const auto found = find_driver(name); !found && !external.contains(name))
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

}  // namespace drover::drivers
