// The node's fingerprint.
#pragma once

#include <map>
#include <string>

#include "wire/observed.hpp"

namespace drover::fingerprint {

// What this machine is now. What cannot be read is left out.
wire::NodeObserved observe_node(const std::string& id, const std::map<std::string, wire::DriverInfo>& drivers);

}  // namespace drover::fingerprint
