#include "driver-manager/core/ledger.hpp"

#include <algorithm>
#include <charconv>

#include "base/hash.hpp"
#include "wire/room.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::size_t kShortId = 8;

wire::Resources total_of(const Room& room) {
    wire::Resources total;
    total.cpu = room.cpu;
    total.memory = room.memory;
    return total;
}

bool asks_for_anything(const wire::Resources& resources) {
    return resources.cpu > 0 || resources.memory > 0 || !resources.devices.empty();
}

bool take_port(std::string_view& text, std::uint32_t& to) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc() && to > 0 && to <= 65535;
}

}  // namespace

Result<PortRange> parse_port_range(std::string_view text) {
    PortRange range;
    std::string_view rest = text;
    const bool first = take_port(rest, range.first) && rest.starts_with('-');
    if (first) rest.remove_prefix(1);
    if (first && take_port(rest, range.last) && rest.empty() && range.first <= range.last) return range;
    return fail(ErrorKind::invalid,
                "\"" + std::string(text) + "\" is no range of ports; write FIRST-LAST, for example 20000-32000");
}

Result<bool> Ledger::admit(const wire::TaskCommand& command, const Outside& outside) {
    const Asks asks = missing(command);
    const bool first = find(command.alloc) == nullptr;
    if (asks.empty() && (!first || command.ports.empty())) return false;
    wire::Resources wanted;
    for (const auto& [task, resources] : asks) wire::add(wanted, resources);
    if (const auto fits = check_room(wanted); !fits) return tl::unexpected(fits.error());
    Ports ports;
    if (first) {
        auto chosen = choose_ports(command, outside);
        if (!chosen) return tl::unexpected(chosen.error());
        ports = std::move(*chosen);
    }
    hold(command.alloc, asks, std::move(ports));
    return true;
}

bool Ledger::assume(const wire::TaskCommand& command) {
    const auto held = held_.find(command.alloc);
    if (held != held_.end() && held->second.tasks.contains(command.task)) return false;
    Ports ports;
    for (const auto& [label, port] : command.ports)
        if (port.number != 0) ports[label] = port.number;
    if (ports.empty() && !asks_for_anything(command.spec.resources)) return false;
    hold(command.alloc, {{command.task, command.spec.resources}}, std::move(ports));
    return true;
}

bool Ledger::give_back(const TaskKey& key) {
    const auto held = held_.find(key.alloc);
    if (held == held_.end() || held->second.tasks.erase(key.task) == 0) return false;
    if (held->second.tasks.empty()) held_.erase(held);
    return true;
}

const wire::Reservation* Ledger::find(const std::string& alloc) const {
    const auto held = held_.find(alloc);
    return held == held_.end() ? nullptr : &held->second;
}

void Ledger::put_back(wire::Reservation held) {
    if (held.tasks.empty()) {
        held_.erase(held.alloc);
    } else {
        held_[held.alloc] = std::move(held);
    }
}

// Of an alloc that holds nothing yet every task, so that it gets all or nothing; later, those that are run again after
// they had ended for good come for themselves. Where there are ports a task holds its place without anything else.
Ledger::Asks Ledger::missing(const wire::TaskCommand& command) const {
    const wire::Reservation* held = find(command.alloc);
    Asks asks;
    if (held == nullptr) asks = command.alloc_resources;
    asks[command.task] = command.spec.resources;
    std::erase_if(asks, [&](const auto& ask) {
        const bool counts = asks_for_anything(ask.second) || !command.ports.empty();
        return !counts || (held != nullptr && held->tasks.contains(ask.first));
    });
    return asks;
}

Result<void> Ledger::check_room(const wire::Resources& wanted) const {
    if (!room_) return {};
    const wire::Resources total = total_of(*room_);
    std::string never = wire::lack_of_room(total, {}, wanted);
    if (!never.empty())
        return fail(ErrorKind::refused, "this node will never have room: " + never + " when nothing else runs");
    wire::Resources used;
    for (const auto& [alloc, held] : held_)
        for (const auto& [task, share] : held.tasks) {
            used.cpu += share.cpu;
            used.memory += share.memory;
        }
    std::string lack = wire::lack_of_room(total, used, wanted);
    if (lack.empty()) {
        std::vector<wire::DeviceGroup> left = room_->devices;
        const std::set<std::string> taken = taken_devices();
        for (wire::DeviceGroup& group : left)
            std::erase_if(group.devices, [&](const wire::Device& device) {
                return taken.contains(wire::device_key(group, device.id));
            });
        lack = wire::lack_of_devices(left, {}, wanted);
    }
    if (lack.empty()) return {};
    return fail(ErrorKind::unavailable, lack);
}

std::map<std::uint32_t, std::string> Ledger::taken_ports() const {
    std::map<std::uint32_t, std::string> taken;
    for (const auto& [alloc, held] : held_)
        for (const auto& [label, port] : held.ports) taken[port] = alloc;
    return taken;
}

Result<Ledger::Ports> Ledger::choose_ports(const wire::TaskCommand& command, const Outside& outside) const {
    const std::map<std::uint32_t, std::string> taken = taken_ports();
    Ports ports;
    std::set<std::uint32_t> avoid;
    for (const auto& [port, alloc] : taken) avoid.insert(port);
    for (const auto& [label, port] : command.ports) {
        if (port.number == 0) continue;
        const std::string name = "port " + std::to_string(port.number);
        if (const auto by = taken.find(port.number); by != taken.end())
            return fail(ErrorKind::unavailable, name + " is reserved by alloc " + by->second.substr(0, kShortId));
        if (const std::string use = outside(port.number); !use.empty())
            return fail(ErrorKind::unavailable, name + " is " + use);
        ports[label] = port.number;
        avoid.insert(port.number);
    }
    for (const auto& [label, port] : command.ports) {
        if (port.number != 0) continue;
        const auto chosen = choose_port(command.alloc + "/" + label, avoid, outside);
        if (!chosen) return tl::unexpected(chosen.error());
        ports[label] = *chosen;
        avoid.insert(*chosen);
    }
    return ports;
}

// The same one for the same alloc where it can be, and others for others: what was just given back is not at once
// somebody else's.
Result<std::uint32_t> Ledger::choose_port(const std::string& seed, const std::set<std::uint32_t>& taken,
                                          const Outside& outside) const {
    const std::uint32_t size = range_.last - range_.first + 1;
    const auto start = static_cast<std::uint32_t>(stable_hash(seed) % size);
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t port = range_.first + (start + i) % size;
        if (!taken.contains(port) && outside(port).empty()) return port;
    }
    return fail(ErrorKind::unavailable, "every port from " + std::to_string(range_.first) + " to " +
                                            std::to_string(range_.last) + " is reserved or in use");
}

std::set<std::string> Ledger::taken_devices() const {
    std::set<std::string> taken;
    for (const auto& [alloc, held] : held_)
        for (const auto& [task, share] : held.tasks) taken.insert(share.devices.begin(), share.devices.end());
    return taken;
}

std::vector<std::string> Ledger::choose_devices(const std::string& ask, std::uint64_t count,
                                                std::set<std::string>& taken) const {
    std::vector<std::string> out;
    if (!room_) return out;
    for (const wire::DeviceGroup& group : room_->devices) {
        if (!wire::matches(ask, group)) continue;
        for (const wire::Device& device : group.devices) {
            if (out.size() == count) return out;
            std::string key = wire::device_key(group, device.id);
            if (device.healthy && taken.insert(key).second) out.push_back(std::move(key));
        }
    }
    return out;
}

void Ledger::hold(const std::string& alloc, const Asks& asks, Ports ports) {
    wire::Reservation& held = held_[alloc];
    held.alloc = alloc;
    held.ports.merge(ports);
    wire::Resources all;
    for (const auto& [task, resources] : asks) {
        held.tasks[task] = {resources.cpu, resources.memory, {}};
        wire::add(all, resources);
    }
    std::set<std::string> taken = taken_devices();
    for (const std::string& ask : wire::narrowest_first(all.devices)) {
        for (const auto& [task, resources] : asks) {
            const auto count = resources.devices.find(ask);
            if (count == resources.devices.end()) continue;
            std::vector<std::string>& devices = held.tasks[task].devices;
            for (std::string& device : choose_devices(ask, count->second, taken)) devices.push_back(std::move(device));
        }
    }
}

}  // namespace drover::driver_manager
