#include "driver-manager/fingerprint/parse.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace drover::fingerprint {
namespace {

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\"");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\"\r") - first + 1);
}

// What follows `separator` on the first line whose trimmed beginning is `key`.
std::string_view value_of(std::string_view text, std::string_view key, char separator) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        const std::size_t split = line.find(separator);
        if (split != std::string_view::npos && trim(line.substr(0, split)) == key) return trim(line.substr(split + 1));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return {};
}

}  // namespace

std::uint64_t total_memory(std::string_view meminfo) {
    const std::string_view value = value_of(meminfo, "MemTotal", ':');
    std::uint64_t kib = 0;
    std::from_chars(value.data(), value.data() + value.size(), kib);
    return kib << 10;
}

std::string cpu_model(std::string_view cpuinfo) { return std::string(value_of(cpuinfo, "model name", ':')); }

std::string os_release_value(std::string_view os_release, std::string_view key) {
    return std::string(value_of(os_release, key, '='));
}

std::string cgroup_mode(const std::vector<os::Mount>& mounts) {
    const auto any = [&](std::string_view type) {
        return std::any_of(mounts.begin(), mounts.end(), [&](const os::Mount& mount) { return mount.type == type; });
    };
    if (any("cgroup")) return any("cgroup2") ? "hybrid" : "1";
    return any("cgroup2") ? "2" : "none";
}

}  // namespace drover::fingerprint
