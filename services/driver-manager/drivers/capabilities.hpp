// The capabilities of isolated tasks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace drover::drivers {

// What a task has unless it says otherwise, and what a node lets tasks have unless its owner says otherwise: Nomad's.
const std::vector<std::string>& default_capabilities();

// "chown", "CAP_CHOWN" and "Chown" are CAP_CHOWN; invalid for what the kernel does not have, with the nearest name.
Result<std::string> capability(std::string_view name);

// The default ones that the node allows, less `drop`, and then `add`, sorted; "all" stands for every one that the node
// allows. Refused when `add` names one that it does not.
Result<std::vector<std::string>> choose_capabilities(const std::vector<std::string>& allowed,
                                                     const std::vector<std::string>& add,
                                                     const std::vector<std::string>& drop);

}  // namespace drover::drivers
