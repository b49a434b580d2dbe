#include "host/bus_link.hpp"

#include <charconv>

#include "bus/introduction.hpp"
#include "host/door_log.hpp"
#include "host/keys.hpp"
#include "host/log.hpp"

namespace drover::host {

namespace {

constexpr int kMaxPorts = 1000;  // of a range

struct Range {
    std::string address;  // "tcp://127.0.0.1:"
    int first = 0;
    int count = 0;  // 0: it is no range, `address` is the endpoint
};

Result<Range> parse_range(const std::string& endpoint) {
    const std::size_t colon = endpoint.rfind(':');
    const std::size_t dash = endpoint.find('-', colon == std::string::npos ? 0 : colon);
    if (!endpoint.starts_with("tcp://") || dash == std::string::npos) return Range{endpoint};
    Range out{endpoint.substr(0, colon + 1)};
    int last = 0;
    const char* const at = endpoint.data();
    const auto first_end = std::from_chars(at + colon + 1, at + dash, out.first).ptr;
    const auto last_end = std::from_chars(at + dash + 1, at + endpoint.size(), last).ptr;
    out.count = last - out.first + 1;
    const bool whole = first_end == at + dash && last_end == at + endpoint.size();
    if (whole && out.first > 0 && last < 65536 && out.count > 0 && out.count <= kMaxPorts) return out;
    return fail(ErrorKind::invalid, "the ports of " + endpoint + " must be like 7110-7139, at most " +
                                        std::to_string(kMaxPorts) + " of them");
}

// How many ports there are to try: those of the shortest range.
Result<int> count_ports(const std::vector<std::string>& endpoints, int count) {
    for (const std::string& endpoint : endpoints) {
        const auto range = parse_range(endpoint);
        if (!range) return tl::unexpected(range.error());
        if (range->count > 0) count = count == 0 ? range->count : std::min(count, range->count);
    }
    return count;
}

std::vector<std::string> with_ports(const std::vector<std::string>& endpoints, int n) {
    std::vector<std::string> out;
    for (const std::string& endpoint : endpoints) {
        const auto range = parse_range(endpoint);
        out.push_back(range->count == 0 ? endpoint : range->address + std::to_string(range->first + n));
    }
    return out;
}

}  // namespace

Result<std::unique_ptr<bus::ZmqTransport>> open_bus(rt::Loop& loop, const ServiceConfig& config,
                                                    const std::string& role, const std::set<std::string>& hears) {
    const auto keys = read_curve_keys(config);
    if (!keys) return tl::unexpected(keys.error());
    const auto peers = read_peer_keys(config.peers);
    if (!peers) return tl::unexpected(peers.error());
    auto ports = count_ports(config.bind, 0);
    if (ports) ports = count_ports(config.tap, *ports);
    if (!ports) return tl::unexpected(ports.error());
    for (int n = 0;; ++n) {
        bus::ZmqConfig bus{.bind = with_ports(config.bind, n),
                           .tap = with_ports(config.tap, n),
                           .peers = *peers,
                           .curve = {keys->public_key, keys->secret_key, keys->allowed},
                           .refused = log_refusals(turned_away())};
        bus.place.self = {config.id, role, {}};
        bus.place.self.endpoints = bus::reachable_at(config.advertise.empty() ? bus.bind : config.advertise,
                                                     bus::own_addresses(), keys->public_key);
        bus.place.hears = hears;
        if (!hears.empty()) bus.place.copy = config.data_dir + "/" + config.id + ".peers";
        auto transport = bus::ZmqTransport::open(loop, bus);
        if (transport || transport.error().kind != ErrorKind::conflict || n + 1 >= *ports) return transport;
    }
}

void reload_keys(bus::ZmqTransport& transport, const ServiceConfig& config) {
    const auto keys = read_curve_keys(config);
    if (!keys) return log::error("the keys stay as they were", {{"error", keys.error()}});
    transport.allow(keys->allowed);
    log::info("keys read", {{"may_connect", keys->allowed.size()}});
}

}  // namespace drover::host
