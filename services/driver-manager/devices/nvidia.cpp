#include "driver-manager/devices/nvidia.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "os/files.hpp"

namespace drover::devices {
namespace {

constexpr std::size_t kMaxText = 64 << 10;
constexpr std::size_t kMaxGpus = 1024;
constexpr std::size_t kMaxNames = 1 << 20;
constexpr const char* kDriver = "/proc/driver/nvidia";

// What every program needs that uses any of them, where it is there.
constexpr const char* kCommonNodes[] = {"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
                                        "/dev/nvidia-modeset"};

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// "Model: \t\t Tesla T4"
std::string gpu_value(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && trimmed(line.substr(0, colon)) == name)
            return std::string(trimmed(line.substr(colon + 1)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

std::string text_of_gpu(const std::string& path) { return os::read_file(path, kMaxText).value_or(""); }

std::string node_of(const Gpu& gpu) { return "/dev/nvidia" + std::to_string(gpu.minor); }

// A model is part of a path that jobs write.
std::string group_name(std::string model) {
    std::replace(model.begin(), model.end(), '/', '-');
    return model;
}

std::string gpu_id(const Gpu& gpu) { return gpu.uuid.empty() ? gpu.pci : gpu.uuid; }

// How many open files lead to each of the nodes: one for each process that has it open.
std::map<std::string, double> count_users(const std::string& root) {
    std::map<std::string, double> users;
    const auto pids = os::list_dir(root + "/proc", kMaxNames);
    if (!pids) return users;
    for (const std::string& pid : *pids) {
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        const std::string dir = root + "/proc/" + pid + "/fd/";
        const auto files = os::list_dir(dir, kMaxNames);
        if (!files) continue;
        std::map<std::string, double> opened;
        for (const std::string& file : *files) {
            std::array<char, 64> target{};
            const ssize_t n = ::readlink((dir + file).c_str(), target.data(), target.size());
            const std::string_view path(target.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
            if (path.starts_with("/dev/nvidia")) opened[std::string(path)] = 1;
        }
        for (const auto& [path, one] : opened) users[path] += one;
    }
    return users;
}

}  // namespace

Gpu parse_gpu(std::string_view information) {
    Gpu gpu;
    gpu.model = gpu_value(information, "Model");
    gpu.uuid = gpu_value(information, "GPU UUID");
    gpu.pci = gpu_value(information, "Bus Location");
    const std::string minor = gpu_value(information, "Device Minor");
    int number = -1;
    const auto [end, error] = std::from_chars(minor.data(), minor.data() + minor.size(), number);
    if (error == std::errc() && end == minor.data() + minor.size() && number >= 0) gpu.minor = number;
    // Where the module has not woken the GPU up yet it writes question marks.
    if (gpu.uuid.find('?') != std::string::npos || gpu.uuid.find('/') != std::string::npos) gpu.uuid.clear();
    return gpu;
}

std::string parse_driver_version(std::string_view version) {
    // "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb ..."
    const std::string line = gpu_value(version, "NVRM version");
    constexpr std::string_view kDigits = "0123456789.";
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t begin = line.find_first_not_of(' ', at);
        if (begin == std::string::npos) break;
        at = std::min(line.find(' ', begin), line.size());
        const std::string word = line.substr(begin, at - begin);
        if (word.find('.') != std::string::npos && word.find_first_not_of(kDigits) == std::string::npos) return word;
    }
    return {};
}

Result<std::vector<Gpu>> Nvidia::gpus() const {
    const std::string dir = root_ + kDriver + "/gpus";
    const auto names = os::list_dir(dir, kMaxGpus);
    if (!names && names.error().kind == ErrorKind::not_found) return std::vector<Gpu>();
    if (!names) return tl::unexpected(names.error());
    std::vector<Gpu> out;
    for (const std::string& name : *names) {
        const auto text = os::read_file(dir + "/" + name + "/information", kMaxText);
        if (!text) return tl::unexpected(text.error());
        Gpu gpu = parse_gpu(*text);
        if (gpu.pci.empty()) gpu.pci = name;
        if (gpu.model.empty()) gpu.model = "unknown";
        out.push_back(std::move(gpu));
    }
    return out;
}

wire::Device Nvidia::describe(const Gpu& gpu) const {
    wire::Device device{gpu_id(gpu), true, "", gpu.pci};
    if (gpu.minor < 0) {
        device.healthy = false;
        device.description = "its kernel module does not tell its device number";
    } else if (!os::exists(root_ + node_of(gpu))) {
        device.healthy = false;
        device.description = "there is no " + node_of(gpu);
    } else if (!os::exists(root_ + kCommonNodes[0])) {
        device.healthy = false;
        device.description = std::string("there is no ") + kCommonNodes[0];
    }
    return device;
}

Result<std::vector<wire::DeviceGroup>> Nvidia::fingerprint() {
    auto found = gpus();
    if (!found) return tl::unexpected(found.error());
    const std::string version = parse_driver_version(text_of_gpu(root_ + kDriver + std::string("/version")));
    std::map<std::string, wire::DeviceGroup> groups;
    for (const Gpu& gpu : *found) {
        wire::DeviceGroup& group = groups[gpu.model];
        group.vendor = "nvidia";
        group.type = "gpu";
        group.name = group_name(gpu.model);
        if (!version.empty()) group.attributes["driver_version"] = version;
        group.devices.push_back(describe(gpu));
    }
    seen_ = std::move(*found);
    std::vector<wire::DeviceGroup> out;
    for (auto& [model, group] : groups) out.push_back(std::move(group));
    return out;
}

Result<drivers::DeviceGrant> Nvidia::reserve(const std::vector<std::string>& ids) {
    drivers::DeviceGrant grant;
    std::string visible;
    bool cuda_knows_all = true;
    for (const std::string& id : ids) {
        const auto gpu = std::find_if(seen_.begin(), seen_.end(), [&id](const Gpu& one) { return gpu_id(one) == id; });
        if (gpu == seen_.end())
            return fail(ErrorKind::not_found, "there is no NVIDIA GPU " + id + " on this node any more");
        visible += (visible.empty() ? "" : ",") + id;
        cuda_knows_all = cuda_knows_all && !gpu->uuid.empty();
        grant.nodes.push_back({.source = node_of(*gpu), .target = node_of(*gpu)});
    }
    for (const char* const node : kCommonNodes)
        if (os::exists(root_ + node)) grant.nodes.push_back({.source = node, .target = node});
    // The first is read by NVIDIA's container runtime, the second by CUDA itself, which knows no PCI addresses.
    grant.env["NVIDIA_VISIBLE_DEVICES"] = visible;
    if (cuda_knows_all) grant.env["CUDA_VISIBLE_DEVICES"] = visible;
    return grant;
}

std::vector<Usage> Nvidia::usage() {
    std::vector<Usage> out;
    if (seen_.empty()) return out;
    const std::map<std::string, double> users = count_users(root_);
    for (const Gpu& gpu : seen_) {
        Usage usage{"nvidia/gpu/" + group_name(gpu.model), gpu_id(gpu), {}};
        const auto count = users.find(node_of(gpu));
        usage.values["processes"] = count == users.end() ? 0 : count->second;
        const std::string power = text_of_gpu(root_ + kDriver + "/gpus/" + gpu.pci + "/power");
        if (const std::string memory = gpu_value(power, "Video Memory"); !memory.empty())
            usage.values["memory_powered"] = memory == "Active" ? 1 : 0;
        out.push_back(std::move(usage));
    }
    return out;
}

}  // namespace drover::devices
