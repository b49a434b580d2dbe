// Ear: the bus as a monitor hears it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus/tap.hpp"
#include "cli/place.hpp"

namespace drover::cli {

// Listens to topics that begin with `prefix`, at `endpoints` or, without any, at the services of the data directory.
// `keys`: a directory of `drover keys init`, for endpoints that ask for a key; empty: none.
Result<std::unique_ptr<bus::Tap>> open_ear(const Environment& environment, std::vector<std::string> endpoints,
                                           const std::string& prefix, const std::string& keys = "");

}  // namespace drover::cli
