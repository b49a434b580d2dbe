#include "driver-manager/shell/beacon.hpp"

#include "host/log.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {

Beacon::Beacon(rt::Loop& loop, bus::Exchange& exchange, std::uint64_t epoch, Duration period, Look look)
    : loop_(loop), exchange_(exchange), feed_(epoch), period_(period), look_(std::move(look)) {
    exchange_.offer("node", feed_);
}

Beacon::~Beacon() { loop_.cancel(timer_); }

void Beacon::look_soon() {
    const Instant soon = loop_.now() + kGather;
    if (soon < due_) look_at(soon);
}

void Beacon::look_at(Instant when) {
    loop_.cancel(timer_);
    due_ = when;
    timer_ = loop_.at(when, [this] { look_now(); });
}

void Beacon::look_now() {
    look_at(loop_.now() + period_);
    const wire::NodeObserved node = look_();
    if (!feed_.put(node.id, wire::NodeObserved::kName, wire::encode(node))) return;
    log_drivers(node.drivers);
    exchange_.changed("node");
}

void Beacon::log_drivers(const std::map<std::string, wire::DriverInfo>& now) {
    for (const auto& [name, info] : now) {
        const auto before = drivers_.find(name);
        if (before != drivers_.end() && before->second == info) continue;
        const bool lost = before != drivers_.end() && before->second.healthy && !info.healthy;
        log::write(lost ? log::Level::warn : log::Level::info, lost ? "a driver became unhealthy" : "driver",
                   {{"name", name},
                    {"detected", info.detected},
                    {"healthy", info.healthy},
                    {"description", info.description}});
    }
    drivers_ = now;
}

}  // namespace drover::driver_manager
