// UsageDesk: measures what the running tasks use and says it to whoever listens.
#pragma once

#include <map>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/core/inventory.hpp"
#include "driver-manager/stats/meter.hpp"
#include "driver-manager/stats/rhythm.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class UsageDesk {
   public:
    UsageDesk(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, std::string node);
    ~UsageDesk();
    UsageDesk(const UsageDesk&) = delete;
    UsageDesk& operator=(const UsageDesk&) = delete;

    // Once.
    void start();

   private:
    void look();
    void measure();

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    const Inventory& inventory_;
    std::string node_;
    stats::Rhythm rhythm_;
    stats::Meter meter_;
    std::map<TaskKey, std::uint64_t> said_;  // how often
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
