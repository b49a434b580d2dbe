// config.json, from which an OCI runtime isolates a task (opencontainers/runtime-spec 1.0).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/drivers/plan.hpp"

namespace drover::drivers {

// Where a task sees its Isolation::init.
inline constexpr const char* kInitInside = "/dev/drover-init";

// Who the task runs as.
struct OciUser {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;
};

// `plan` has an isolation. `init_words` stand between its init and the task's command. Limits are not in it: the
// control groups are the shim's. Invalid when an argument or a variable is no text, which the file could not say.
Result<std::string> oci_config(const LaunchPlan& plan, const OciUser& user, const std::vector<std::string>& init_words);

}  // namespace drover::drivers
