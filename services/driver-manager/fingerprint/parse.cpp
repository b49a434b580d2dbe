#include "driver-manager/fingerprint/parse.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <sstream>

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

double leading_number(std::string_view text) {
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::uint64_t total_memory(std::string_view meminfo) {
    const std::string_view value = value_of(meminfo, "MemTotal", ':');
    std::uint64_t kib = 0;
    std::from_chars(value.data(), value.data() + value.size(), kib);
    return kib << 10;
}

std::string cpu_model(std::string_view cpuinfo) { return std::string(value_of(cpuinfo, "model name", ':')); }

Topology topology(std::string_view cpuinfo) {
    std::set<std::string> sockets;
    std::set<std::string> cores;
    Topology out;
    // A paragraph for each processor.
    while (!cpuinfo.empty()) {
        const std::size_t end = std::min(cpuinfo.find("\n\n"), cpuinfo.size());
        const std::string_view one = cpuinfo.substr(0, end);
        cpuinfo.remove_prefix(std::min(end + 2, cpuinfo.size()));
        const std::string socket(value_of(one, "physical id", ':'));
        const std::string core(value_of(one, "core id", ':'));
        if (!socket.empty()) sockets.insert(socket);
        if (!core.empty()) cores.insert(socket + "/" + core);
        if (out.mhz == 0) out.mhz = leading_number(value_of(one, "cpu MHz", ':'));
    }
    out.sockets = sockets.size();
    out.cores = cores.size();
    return out;
}

std::string default_interface(std::string_view routes) {
    std::istringstream lines{std::string(routes)};
    std::string best;
    unsigned long least = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name, target, gateway, flags, skipped, mask;
        unsigned long metric = 0;
        if (!(words >> name >> target >> gateway >> flags >> skipped >> skipped >> metric >> mask)) continue;
        if (target != "00000000" || mask != "00000000" || (!best.empty() && metric >= least)) continue;
        best = name;
        least = metric;
    }
    return best;
}

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
