#include "driver-manager/devices/nvidia.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace drover::devices {
namespace {

// A /proc and a /dev as a machine with GPUs has them.
class NvidiaTest : public testing::Test {
   protected:
    NvidiaTest() {
        std::string path = testing::TempDir() + "drover-nvidia-XXXXXX";
        root_ = ::mkdtemp(path.data());
    }
    ~NvidiaTest() override { std::filesystem::remove_all(root_); }

    void write(const std::string& path, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }

    void add_gpu(const std::string& pci, const std::string& model, const std::string& uuid, int minor) {
        write("/proc/driver/nvidia/gpus/" + pci + "/information",
              "Model: \t\t " + model + "\nIRQ:   \t\t 42\nGPU UUID: \t " + uuid +
                  "\nVideo BIOS: \t 90.04.84.00.06\nBus Type: \t PCIe\nDMA Size: \t 47 bits\nBus Location: \t " + pci +
                  "\nDevice Minor: \t " + std::to_string(minor) + "\nGPU Excluded:\t No\n");
        write("/proc/driver/nvidia/gpus/" + pci + "/power",
              "Runtime D3 status:          Disabled\nVideo Memory:               Active\n");
        write("/dev/nvidia" + std::to_string(minor), "");
    }

    void add_driver() {
        write("/proc/driver/nvidia/version",
              "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb 17 22:55:48 UTC 2024\n"
              "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n");
        write("/dev/nvidiactl", "");
        write("/dev/nvidia-uvm", "");
    }

    void add_two() {
        add_driver();
        add_gpu("0000:01:00.0", "Tesla T4", "GPU-aaaa", 0);
        add_gpu("0000:02:00.0", "Tesla T4", "GPU-bbbb", 1);
    }

    std::string root_;
};

TEST_F(NvidiaTest, IsNotDetectedWhereThereIsNone) {
    Nvidia nvidia(root_);
    const auto groups = nvidia.fingerprint();
    ASSERT_TRUE(groups);
    EXPECT_TRUE(groups->empty());
    EXPECT_TRUE(nvidia.usage().empty());
}

TEST_F(NvidiaTest, TellsEveryGpuByItsModel) {
    add_two();
    add_gpu("0000:81:00.0", "NVIDIA A100/40GB", "GPU-cccc", 2);
    Nvidia nvidia(root_);
    const auto groups = nvidia.fingerprint();
    ASSERT_TRUE(groups);
    ASSERT_EQ(groups->size(), 2u);
    const wire::DeviceGroup& t4 = groups->at(1);
    EXPECT_EQ(groups->at(0).name, "NVIDIA A100-40GB") << "no slash in what jobs write as a path";
    EXPECT_EQ(t4.vendor + "/" + t4.type + "/" + t4.name, "nvidia/gpu/Tesla T4");
    EXPECT_EQ(t4.attributes.at("driver_version"), "535.161.08");
    ASSERT_EQ(t4.devices.size(), 2u);
    EXPECT_EQ(t4.devices[0], (wire::Device{"GPU-aaaa", true, "", "0000:01:00.0"}));
    EXPECT_EQ(t4.devices[1], (wire::Device{"GPU-bbbb", true, "", "0000:02:00.0"}));
}

TEST_F(NvidiaTest, AGpuThatCannotBeOpenedIsUnhealthyWithTheReason) {
    add_two();
    std::filesystem::remove(root_ + "/dev/nvidia1");
    Nvidia nvidia(root_);
    auto groups = nvidia.fingerprint();
    ASSERT_TRUE(groups);
    EXPECT_TRUE(groups->at(0).devices[0].healthy);
    EXPECT_FALSE(groups->at(0).devices[1].healthy);
    EXPECT_EQ(groups->at(0).devices[1].description, "there is no /dev/nvidia1");
    std::filesystem::remove(root_ + "/dev/nvidiactl");
    groups = nvidia.fingerprint();
    EXPECT_EQ(groups->at(0).devices[0].description, "there is no /dev/nvidiactl");
}

TEST_F(NvidiaTest, AReservedGpuComesWithItsNodesAndItsEnvironment) {
    add_two();
    Nvidia nvidia(root_);
    ASSERT_TRUE(nvidia.fingerprint());
    const auto grant = nvidia.reserve({"GPU-bbbb"});
    ASSERT_TRUE(grant) << grant.error().message;
    EXPECT_EQ(grant->env.at("NVIDIA_VISIBLE_DEVICES"), "GPU-bbbb");
    EXPECT_EQ(grant->env.at("CUDA_VISIBLE_DEVICES"), "GPU-bbbb");
    std::vector<std::string> nodes;
    for (const drivers::DeviceNode& node : grant->nodes) {
        EXPECT_EQ(node.source, node.target);
        nodes.push_back(node.target);
    }
    EXPECT_EQ(nodes, (std::vector<std::string>{"/dev/nvidia1", "/dev/nvidiactl", "/dev/nvidia-uvm"}));
    EXPECT_EQ(nvidia.reserve({"GPU-aaaa", "GPU-bbbb"})->env.at("CUDA_VISIBLE_DEVICES"), "GPU-aaaa,GPU-bbbb");
    const auto gone = nvidia.reserve({"GPU-zzzz"});
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, ErrorKind::not_found);
}

TEST_F(NvidiaTest, TellsHowManyProcessesUseAGpu) {
    add_two();
    for (const char* pid : {"100", "200"}) {
        const std::string fds = root_ + "/proc/" + pid + "/fd";
        std::filesystem::create_directories(fds);
        std::filesystem::create_symlink("/dev/nvidia0", fds + "/3");
        std::filesystem::create_symlink("/dev/nvidia0", fds + "/4");
    }
    Nvidia nvidia(root_);
    ASSERT_TRUE(nvidia.fingerprint());
    const std::vector<Usage> usage = nvidia.usage();
    ASSERT_EQ(usage.size(), 2u);
    EXPECT_EQ(usage[0], (Usage{"nvidia/gpu/Tesla T4", "GPU-aaaa", {{"memory_powered", 1}, {"processes", 2}}}));
    EXPECT_EQ(usage[1].values.at("processes"), 0);
}

TEST(NvidiaText, WhatTheModuleDoesNotTellIsLeftAsItIs) {
    const Gpu none = parse_gpu("");
    EXPECT_EQ(none.minor, -1);
    EXPECT_EQ(parse_gpu("Model: Tesla T4\nGPU UUID: GPU-?\nDevice Minor: x\n").uuid, "");
    EXPECT_EQ(parse_gpu("Model: Tesla T4\nGPU UUID: GPU-?\nDevice Minor: x\n").minor, -1);
    EXPECT_EQ(parse_driver_version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release\n"),
              "550.54.14");
    EXPECT_EQ(parse_driver_version(""), "");
}

}  // namespace
}  // namespace drover::devices
