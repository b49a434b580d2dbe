// NVIDIA GPUs, as their kernel module tells of them in /proc/driver/nvidia and /dev. Needs no library of theirs.
#pragma once

#include "driver-manager/devices/plugin.hpp"

namespace drover::devices {

// One GPU, from /proc/driver/nvidia/gpus/<PCI address>/information.
struct Gpu {
    std::string uuid;   // "GPU-6b1a..."; empty when the module does not tell
    std::string model;  // "Tesla T4"
    std::string pci;    // "0000:01:00.0"
    int minor = -1;     // of /dev/nvidia<minor>
};

// Nothing is required of the text; what it does not say is left as it is.
Gpu parse_gpu(std::string_view information);

// "535.161.08" of /proc/driver/nvidia/version; empty when it does not say.
std::string parse_driver_version(std::string_view version);

class Nvidia : public Plugin {
   public:
    // `root` stands before /proc and /dev; for tests.
    explicit Nvidia(std::string root = "") : root_(std::move(root)) {}

    std::string_view name() const override { return "nvidia"; }
    Result<std::vector<wire::DeviceGroup>> fingerprint() override;
    Result<drivers::DeviceGrant> reserve(const std::vector<std::string>& ids) override;
    // processes: how many have the GPU open. memory_powered: whether its memory is, 1 or 0.
    std::vector<Usage> usage() override;

   private:
    Result<std::vector<Gpu>> gpus() const;
    wire::Device describe(const Gpu& gpu) const;

    std::string root_;
    std::vector<Gpu> seen_;
};

}  // namespace drover::devices
