// UsageDesk: measures what the running tasks use and says it to whoever listens.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/core/inventory.hpp"
#include "driver-manager/stats/meter.hpp"
#include "driver-manager/stats/rhythm.hpp"
#include "rt/loop.hpp"
#include "wire/driver.hpp"

namespace drover::driver_manager {

class UsageDesk {
   public:
    // What a driver says of its task with this id, which it knows better than /proc; null: nothing.
    using Told = std::function<const wire::DriverTaskUsage*(const std::string& driver, const std::string& id)>;

    UsageDesk(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, std::string node, Told told);
    ~UsageDesk();
    UsageDesk(const UsageDesk&) = delete;
    UsageDesk& operator=(const UsageDesk&) = delete;

    // Once.
    void start();

   private:
    void look();
    void measure();
    std::vector<wire::TaskUsage> all_told(Instant now, std::vector<wire::TaskUsage> measured);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    const Inventory& inventory_;
    std::string node_;
    Told told_;
    stats::Rhythm rhythm_;
    stats::Meter meter_;
    std::map<TaskKey, wire::TaskUsage> before_;  // by the word of drivers
    std::map<TaskKey, std::uint64_t> said_;      // how often
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
