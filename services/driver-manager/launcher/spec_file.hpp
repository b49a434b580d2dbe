// The spec file of an incarnation, as the shim reads it (shim/protocol.h).
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/drivers/plan.hpp"
#include "os/cgroup.hpp"

namespace drover::launcher {

// An error (invalid, not_found, refused) is one that another try does not cure: an unknown user, a NUL byte.
Result<std::string> make_spec(const std::string& id, const std::string& task, const drivers::LaunchPlan& plan,
                              const os::CgroupPlan& cgroups);

// The values of `key` in a spec, in order.
std::vector<std::string> spec_values(const std::string& spec, std::string_view key);

}  // namespace drover::launcher
