// DeviceDesk: says what the node's devices are doing to whoever listens.
#pragma once

#include <map>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/devices/manager.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class DeviceDesk {
   public:
    DeviceDesk(rt::Loop& loop, bus::Exchange& exchange, devices::Manager& devices, std::string node);
    ~DeviceDesk();
    DeviceDesk(const DeviceDesk&) = delete;
    DeviceDesk& operator=(const DeviceDesk&) = delete;

    // Once.
    void start();

   private:
    void look();
    void measure();

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    devices::Manager& devices_;
    std::string node_;
    std::map<std::string, std::uint64_t> said_;  // how often, by device
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
