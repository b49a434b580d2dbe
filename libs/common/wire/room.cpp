#include "wire/room.hpp"

#include <algorithm>
#include <cmath>

namespace drover::wire {
namespace {

constexpr double kDust = 1e-9;  // cores that a sum of fractions may be off by

// "0.5", "2"; in thousandths.
std::string decimal(double value) {
    std::string text = std::to_string(std::round(std::max(value, 0.0) * 1000) / 1000);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

// "1.5GiB"
std::string rough(std::uint64_t bytes) {
    auto value = static_cast<double>(bytes);
    const char* unit = "B";
    for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
        if (value < 1024) break;
        value /= 1024;
        unit = next;
    }
    return decimal(std::floor(value * 10) / 10) + unit;
}

std::ptrdiff_t parts(const std::string& ask) { return std::count(ask.begin(), ask.end(), '/'); }

// Healthy devices, by the position of their group.
std::vector<std::uint64_t> healthy(const std::vector<DeviceGroup>& groups) {
    std::vector<std::uint64_t> out;
    for (const DeviceGroup& group : groups)
        out.push_back(static_cast<std::uint64_t>(std::count_if(group.devices.begin(), group.devices.end(),
                                                               [](const Device& device) { return device.healthy; })));
    return out;
}

// How many of `count` there were.
std::uint64_t take(const std::vector<DeviceGroup>& groups, std::vector<std::uint64_t>& left, const std::string& ask,
                   std::uint64_t count) {
    std::uint64_t got = 0;
    for (std::size_t i = 0; i < groups.size() && got < count; ++i) {
        if (!matches(ask, groups[i])) continue;
        const std::uint64_t some = std::min(left[i], count - got);
        left[i] -= some;
        got += some;
    }
    return got;
}

bool has_ended(const TaskSpec& task, const AllocStatus* status) {
    return status != nullptr && std::any_of(status->tasks.begin(), status->tasks.end(), [&task](const TaskStatus& one) {
               return one.name == task.name && one.phase == TaskPhase::dead;
           });
}

}  // namespace

bool matches(const std::string& ask, const DeviceGroup& group) {
    return ask == group.type || ask == group.vendor + "/" + group.type ||
           ask == group.vendor + "/" + group.type + "/" + group.name;
}

std::vector<std::string> narrowest_first(const std::map<std::string, std::uint64_t>& asks) {
    std::vector<std::string> out;
    for (const auto& [ask, count] : asks) out.push_back(ask);
    std::stable_sort(out.begin(), out.end(),
                     [](const std::string& a, const std::string& b) { return parts(a) > parts(b); });
    return out;
}

std::string device_key(const DeviceGroup& group, const std::string& id) {
    return group.vendor + "/" + group.type + "/" + group.name + "/" + id;
}

void add(Resources& sum, const Resources& more) {
    sum.cpu += more.cpu;
    sum.memory += more.memory;
    for (const auto& [ask, count] : more.devices) sum.devices[ask] += count;
}

std::string lack_of_room(const Resources& total, const Resources& used, const Resources& wanted) {
    if (wanted.cpu > 0 && used.cpu + wanted.cpu > total.cpu + kDust)
        return "it asks for " + decimal(wanted.cpu) + " cores, " + decimal(total.cpu - used.cpu) + " of " +
               decimal(total.cpu) + " are free";
    const std::uint64_t left = total.memory > used.memory ? total.memory - used.memory : 0;
    if (wanted.memory > left)
        return "it asks for " + rough(wanted.memory) + " of memory, " + rough(left) + " of " + rough(total.memory) +
               " are free";
    return {};
}

std::string lack_of_devices(const std::vector<DeviceGroup>& groups, const Resources& used, const Resources& wanted) {
    std::vector<std::uint64_t> left = healthy(groups);
    for (const std::string& ask : narrowest_first(used.devices)) take(groups, left, ask, used.devices.at(ask));
    for (const std::string& ask : narrowest_first(wanted.devices)) {
        const std::uint64_t count = wanted.devices.at(ask);
        const std::uint64_t got = take(groups, left, ask, count);
        if (got < count)
            return "it asks for " + std::to_string(count) + " " + ask + ", " + std::to_string(got) +
                   (got == 1 ? " is" : " are") + " free and healthy";
    }
    return {};
}

void Use::add(const GroupSpec& group, const AllocStatus* status) {
    ++allocs;
    for (const auto& [label, port] : group.ports)
        if (port.number != 0) ports.insert(port.number);
    for (const TaskSpec& task : group.tasks)
        if (!has_ended(task, status)) wire::add(resources, task.resources);
}

std::string lack(const NodeObserved& node, const Use& use, const GroupSpec& group) {
    for (const auto& [label, port] : group.ports)
        if (port.number != 0 && use.ports.contains(port.number))
            return "port " + std::to_string(port.number) + " is taken by another alloc";
    Use wanted;
    wanted.add(group, nullptr);
    Resources total;
    total.cpu = node.cpu;
    total.memory = node.memory;
    const std::string little = lack_of_room(total, use.resources, wanted.resources);
    return little.empty() ? lack_of_devices(node.devices, use.resources, wanted.resources) : little;
}

}  // namespace drover::wire
