// Beacon: says what this node is, again whenever that has changed.
#pragma once

#include <functional>

#include "bus/exchange.hpp"
#include "rt/loop.hpp"
#include "wire/observed.hpp"

namespace drover::driver_manager {

class Beacon {
   public:
    using Look = std::function<wire::NodeObserved()>;

    // `look` tells what the node is now; it is asked whenever look_now() is called, and from then on every `period`.
    Beacon(rt::Loop& loop, bus::Exchange& exchange, std::uint64_t epoch, Duration period, Look look);
    ~Beacon();
    Beacon(const Beacon&) = delete;
    Beacon& operator=(const Beacon&) = delete;

    void look_now();

   private:
    void log_drivers(const std::map<std::string, wire::DriverInfo>& now);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    bus::KeyedFeed feed_;
    Duration period_;
    Look look_;
    std::map<std::string, wire::DriverInfo> drivers_;  // as last logged
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
