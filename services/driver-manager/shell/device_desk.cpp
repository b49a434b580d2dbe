#include "driver-manager/shell/device_desk.hpp"

#include <utility>

#include "base/hash.hpp"
#include "wire/codec.hpp"
#include "wire/usage.hpp"

namespace drover::driver_manager {
namespace {

constexpr const char* kDeviceStream = "device/stats";
constexpr Duration kPeriod = seconds(1);

}  // namespace

DeviceDesk::DeviceDesk(rt::Loop& loop, bus::Exchange& exchange, devices::Manager& devices, std::string node)
    : loop_(loop), exchange_(exchange), devices_(devices), node_(std::move(node)) {}

DeviceDesk::~DeviceDesk() { loop_.cancel(timer_); }

void DeviceDesk::start() { look(); }

void DeviceDesk::look() {
    timer_ = loop_.at(loop_.now() + kPeriod, [this] { look(); });
    // To look at a device may wake it up, so nobody does for nobody.
    const bool wanted = !devices_.groups().empty() && exchange_.wanted(kDeviceStream);
    if (wanted) measure();
}

void DeviceDesk::measure() {
    for (devices::Usage& usage : devices_.usage()) {
        wire::DeviceUsage said;
        said.node = node_;
        said.device = usage.group + "/" + usage.id;
        said.at = loop_.now();
        said.values = std::move(usage.values);
        // Names of devices may be longer than a topic, and have blanks.
        const std::string key = node_ + "/" + to_hex(stable_hash(said.device));
        exchange_.sample(kDeviceStream, ++said_[said.device], key, wire::DeviceUsage::kName, wire::encode(said));
    }
}

}  // namespace drover::driver_manager
