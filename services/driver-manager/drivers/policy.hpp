// Which drivers may be used on a node.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

// What the node's owner says of drivers.
struct Policy {
    std::vector<std::string> allow{};  // empty: every one
    std::vector<std::string> block{};  // has the last word
    bool raw_exec_root = false;        // may what nothing isolates run as root?
    bool host_files = false;           // may templates of every task be made of any file of the node?
};

// not_found, with the nearest name, when the policy names a driver that is neither ours nor in `external`.
Result<void> check(const Policy& policy, const std::map<std::string, std::string>& external = {});

// refused, and why, when tasks of this driver may not start on the node.
Result<void> permit(const Policy& policy, std::string_view driver);

// refused when a task of this driver may not run as the user with the number `uid`.
Result<void> permit_user(const Policy& policy, std::string_view driver, std::uint32_t uid);

// May templates of this driver's tasks be made of any file of the node? They are rendered with our rights, so without a
// word of the owner only where the task has them too. `root`: we run as root.
bool may_read_host(const Policy& policy, std::string_view driver, bool root);

}  // namespace drover::drivers
