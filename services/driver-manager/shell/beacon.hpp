// Beacon: says what this node is, again whenever that has changed; what changes at about the same time, once.
#pragma once

#include <functional>

#include "bus/exchange.hpp"
#include "rt/loop.hpp"
#include "wire/observed.hpp"

namespace drover::driver_manager {

class Beacon {
   public:
    using Look = std::function<wire::NodeObserved()>;

    // `look` tells what the node is now; it is asked from the first call of one of these on, and then every `period`.
    Beacon(rt::Loop& loop, bus::Exchange& exchange, std::uint64_t epoch, Duration period, Look look);
    ~Beacon();
    Beacon(const Beacon&) = delete;
    Beacon& operator=(const Beacon&) = delete;

    static constexpr Duration kGather = milliseconds(250);  // how long news wait for others

    // Something has changed: looks within kGather.
    void look_soon();
    void look_now();

   private:
    void look_at(Instant when);
    void log_drivers(const std::map<std::string, wire::DriverInfo>& now);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    bus::KeyedFeed feed_;
    Duration period_;
    Look look_;
    std::map<std::string, wire::DriverInfo> drivers_;  // as last logged
    rt::Token timer_ = 0;
    Instant due_ = kNever;
};

}  // namespace drover::driver_manager
