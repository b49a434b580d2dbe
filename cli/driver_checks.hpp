// What every external driver has to do, as checks that run against any.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/driver_stand.hpp"

namespace drover::cli {

struct DriverCheck {
    const char* promise;
    // An error says what the driver does instead.
    std::function<Result<void>(DriverStand&)> run;
};

// In their order; the driver is launched before the first, and launched again by those that kill it.
const std::vector<DriverCheck>& driver_checks();

}  // namespace drover::cli
