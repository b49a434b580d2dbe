#include "host/bus_link.hpp"

#include "bus/introduction.hpp"
#include "host/keys.hpp"
#include "host/log.hpp"

namespace drover::host {

Result<std::unique_ptr<bus::ZmqTransport>> open_bus(rt::Loop& loop, const ServiceConfig& config,
                                                    const std::string& role, const std::set<std::string>& hears) {
    const auto keys = read_curve_keys(config);
    if (!keys) return tl::unexpected(keys.error());
    bus::Place place;
    place.self = {config.id, role, {}};
    place.self.endpoints = bus::reachable_at(config.advertise.empty() ? config.bind : config.advertise,
                                             bus::own_addresses(), keys->public_key);
    place.hears = hears;
    if (!hears.empty()) place.copy = config.data_dir + "/" + config.id + ".peers";
    return bus::ZmqTransport::open(
        loop,
        {config.bind, config.tap, config.peers, {keys->public_key, keys->secret_key, keys->allowed}, std::move(place)});
}

void reload_keys(bus::ZmqTransport& transport, const ServiceConfig& config) {
    const auto keys = read_curve_keys(config);
    if (!keys) return log::error("the keys stay as they were", {{"error", keys.error()}});
    transport.allow(keys->allowed);
    log::info("keys read", {{"may_connect", keys->allowed.size()}});
}

}  // namespace drover::host
