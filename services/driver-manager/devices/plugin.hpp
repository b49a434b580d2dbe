// Plugin: one kind of device. It looks at the machine when it is asked and keeps nothing that the machine does not say.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/drivers/driver.hpp"
#include "wire/observed.hpp"

namespace drover::devices {

// What one device is doing, by what was measured: "memory_used_bytes".
struct Usage {
    std::string group;  // "vendor/type/name"
    std::string id;
    std::map<std::string, double> values;

    friend bool operator==(const Usage&, const Usage&) = default;
};

class Plugin {
   public:
    virtual ~Plugin() = default;

    virtual std::string_view name() const = 0;

    // Every device there is, the unhealthy with the reason. None: not detected on this machine, which is no error.
    virtual Result<std::vector<wire::DeviceGroup>> fingerprint() = 0;

    // What a task needs to use these devices of the last fingerprint. not_found names one that is not there.
    virtual Result<drivers::DeviceGrant> reserve(const std::vector<std::string>& ids) = 0;

    // Of the devices of the last fingerprint; those that cannot be measured are left out.
    virtual std::vector<Usage> usage() = 0;
};

}  // namespace drover::devices
