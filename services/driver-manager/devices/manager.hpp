// Manager: all plugins as one. A plugin that fails is asked again later and later, and its devices are unhealthy
// meanwhile.
#pragma once

#include <memory>
#include <vector>

#include "base/time.hpp"
#include "driver-manager/core/failures.hpp"
#include "driver-manager/devices/plugin.hpp"

namespace drover::devices {

class Manager {
   public:
    explicit Manager(std::vector<std::unique_ptr<Plugin>> plugins);

    // Asks every plugin that is due.
    void look(Instant now);

    // As last heard, sorted by vendor, type and name.
    const std::vector<wire::DeviceGroup>& groups() const { return groups_; }

    // `keys` as wire::device_key() makes them. not_found names one that no plugin has.
    Result<drivers::DeviceGrant> reserve(const std::vector<std::string>& keys);

    std::vector<Usage> usage();

   private:
    struct Instance {
        std::unique_ptr<Plugin> plugin;
        std::vector<wire::DeviceGroup> groups;
        driver_manager::Failures failures{};
        Instant due{};
    };

    void look(Instance& instance, Instant now);
    Instance* owner_of(const std::string& key);

    std::vector<Instance> instances_;
    std::vector<wire::DeviceGroup> groups_;
};

}  // namespace drover::devices
