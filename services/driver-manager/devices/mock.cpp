#include "driver-manager/devices/mock.hpp"

#include <algorithm>

namespace drover::devices {
namespace {

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('/', at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

wire::DeviceGroup& group_of(std::vector<wire::DeviceGroup>& groups, const std::vector<std::string>& parts) {
    for (wire::DeviceGroup& group : groups)
        if (group.vendor == parts[0] && group.type == parts[1] && group.name == parts[2]) return group;
    return groups.emplace_back(wire::DeviceGroup{parts[0], parts[1], parts[2], {}, {}});
}

}  // namespace

Result<std::vector<wire::DeviceGroup>> Mock::parse(const std::vector<std::string>& devices) {
    std::vector<wire::DeviceGroup> groups;
    for (const std::string& text : devices) {
        const std::vector<std::string> parts = split(text);
        const bool whole = parts.size() == 4 && std::none_of(parts.begin(), parts.end(),
                                                             [](const std::string& part) { return part.empty(); });
        if (!whole)
            return fail(ErrorKind::invalid, "\"" + text +
                                                "\" is no device; write vendor/type/name/id, for example "
                                                "mock/gpu/test/0");
        group_of(groups, parts).devices.push_back({parts[3], true, "", ""});
    }
    return groups;
}

Result<std::vector<wire::DeviceGroup>> Mock::fingerprint() {
    if (!error_.empty()) return fail(ErrorKind::unavailable, error_);
    return groups_;
}

Result<drivers::DeviceGrant> Mock::reserve(const std::vector<std::string>& ids) {
    drivers::DeviceGrant grant;
    std::string& visible = grant.env["MOCK_VISIBLE_DEVICES"];
    for (const std::string& id : ids) {
        visible += (visible.empty() ? "" : ",") + id;
        grant.nodes.push_back({.source = "/dev/null", .target = "/dev/mock-" + id});
    }
    return grant;
}

std::vector<Usage> Mock::usage() {
    std::vector<Usage> out;
    for (const wire::DeviceGroup& group : groups_)
        for (const wire::Device& device : group.devices)
            out.push_back(
                {group.vendor + "/" + group.type + "/" + group.name, device.id, {{"healthy", device.healthy ? 1 : 0}}});
    return out;
}

}  // namespace drover::devices
