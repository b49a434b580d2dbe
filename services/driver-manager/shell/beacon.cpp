#include "driver-manager/shell/beacon.hpp"

#include "host/log.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {

Beacon::Beacon(rt::Loop& loop, bus::Exchange& exchange, std::uint64_t epoch, Duration period, Look look)
    : loop_(loop), exchange_(exchange), feed_(epoch), period_(period), look_(std::move(look)) {
    exchange_.offer("node", feed_);
    look_now();
}

Beacon::~Beacon() { loop_.cancel(timer_); }

void Beacon::look_now() {
    loop_.cancel(timer_);
    timer_ = loop_.at(loop_.now() + period_, [this] { look_now(); });
    const wire::NodeObserved node = look_();
    if (!feed_.put(node.id, wire::NodeObserved::kName, wire::encode(node))) return;
    for (const auto& [name, info] : node.drivers)
        log::info("driver", {{"name", name},
                             {"detected", info.detected},
                             {"healthy", info.healthy},
                             {"description", info.description}});
    exchange_.changed("node");
}

}  // namespace drover::driver_manager
