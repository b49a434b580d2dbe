#include "driver-manager/devices/manager.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "wire/room.hpp"

namespace drover::devices {
namespace {

std::string id_of(const std::string& key) { return key.substr(key.rfind('/') + 1); }

bool has(const std::vector<wire::DeviceGroup>& groups, const std::string& key) {
    return std::any_of(groups.begin(), groups.end(), [&key](const wire::DeviceGroup& group) {
        return std::any_of(group.devices.begin(), group.devices.end(),
                           [&](const wire::Device& device) { return wire::device_key(group, device.id) == key; });
    });
}

void add(drivers::DeviceGrant& all, drivers::DeviceGrant&& more) {
    all.env.merge(more.env);
    std::move(more.mounts.begin(), more.mounts.end(), std::back_inserter(all.mounts));
    std::move(more.nodes.begin(), more.nodes.end(), std::back_inserter(all.nodes));
}

}  // namespace

Manager::Manager(std::vector<std::unique_ptr<Plugin>> plugins) {
    for (std::unique_ptr<Plugin>& plugin : plugins) instances_.push_back({std::move(plugin), {}});
}

void Manager::look(Instant now) {
    groups_.clear();
    for (Instance& instance : instances_) {
        if (instance.due <= now) look(instance, now);
        groups_.insert(groups_.end(), instance.groups.begin(), instance.groups.end());
    }
    std::sort(groups_.begin(), groups_.end(), [](const wire::DeviceGroup& a, const wire::DeviceGroup& b) {
        return std::tie(a.vendor, a.type, a.name) < std::tie(b.vendor, b.type, b.name);
    });
}

void Manager::look(Instance& instance, Instant now) {
    auto seen = instance.plugin->fingerprint();
    if (seen) {
        instance.groups = std::move(*seen);
        instance.failures.over();
        return;
    }
    instance.due = now + instance.failures.pause();
    // Tasks have them all the same; they are only given to nobody else.
    for (wire::DeviceGroup& group : instance.groups)
        for (wire::Device& device : group.devices) {
            device.healthy = false;
            device.description = seen.error().message;
        }
}

Manager::Instance* Manager::owner_of(const std::string& key) {
    const auto at = std::find_if(instances_.begin(), instances_.end(),
                                 [&key](const Instance& instance) { return has(instance.groups, key); });
    return at == instances_.end() ? nullptr : &*at;
}

Result<drivers::DeviceGrant> Manager::reserve(const std::vector<std::string>& keys) {
    std::map<Instance*, std::vector<std::string>> by_owner;
    for (const std::string& key : keys) {
        Instance* owner = owner_of(key);
        if (owner == nullptr) return fail(ErrorKind::not_found, "there is no device " + key + " on this node any more");
        by_owner[owner].push_back(id_of(key));
    }
    drivers::DeviceGrant all;
    for (const auto& [owner, ids] : by_owner) {
        auto grant = owner->plugin->reserve(ids);
        if (!grant) return tl::unexpected(grant.error());
        add(all, std::move(*grant));
    }
    return all;
}

std::vector<Usage> Manager::usage() {
    std::vector<Usage> all;
    for (Instance& instance : instances_)
        for (Usage& usage : instance.plugin->usage()) all.push_back(std::move(usage));
    return all;
}

}  // namespace drover::devices
