#include "driver-manager/fingerprint/fingerprint.hpp"

#include <gtest/gtest.h>

#include "driver-manager/fingerprint/parse.hpp"
#include "driver-manager/fingerprint/runtime.hpp"

namespace drover::fingerprint {
namespace {

TEST(Fingerprint, TellsWhatTheMachineHas) {
    const wire::NodeObserved node = observe_node("n1", {{"raw_exec", {true, true, "Healthy"}}, {"mock", {}}});
    EXPECT_EQ(node.id, "n1");
    EXPECT_FALSE(node.name.empty());
    EXPECT_GE(node.cpu, 1);
    EXPECT_GT(node.memory, 1u << 20);
    EXPECT_EQ(node.drivers.size(), 2u);
    EXPECT_EQ(node.attributes.at("driver.raw_exec"), "1");
    EXPECT_FALSE(node.attributes.contains("driver.mock"));
    EXPECT_EQ(node.attributes.at("kernel.name"), "Linux");
    EXPECT_FALSE(node.attributes.at("os.cgroups.version").empty());
}

TEST(Fingerprint, IsTheSameWhileNothingChanges) { EXPECT_EQ(observe_node("n1", {}), observe_node("n1", {})); }

TEST(Fingerprint, ReadsWhatTheKernelWrites) {
    EXPECT_EQ(total_memory("MemTotal:       24576 kB\nMemFree: 1 kB\n"), 24u << 20);
    EXPECT_EQ(total_memory("nothing"), 0u);
    EXPECT_EQ(cpu_model("processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n"), "AMD EPYC");
    EXPECT_EQ(os_release_value("PRETTY_NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian", "VERSION_ID"), "12");
    EXPECT_EQ(os_release_value("VERSION_ID=\"12\"\nID=debian", "ID"), "debian");
    EXPECT_EQ(os_release_value("", "ID"), "");
}

TEST(Runtime, TellsItsVersion) {
    EXPECT_EQ(runtime_version("crun version 1.8.1\ncommit: f8a0\n"), "1.8.1");
    EXPECT_EQ(runtime_version("crun"), "");
}

TEST(Runtime, IsNotThereWhereItsOwnerLookedInVain) {
    EXPECT_EQ(Runtime("/no/such/crun").path(), "");
    EXPECT_EQ(Runtime("/no/such/crun").version(), "");
}

TEST(Fingerprint, NamesTheCgroupMode) {
    const auto mount = [](const char* type) { return os::Mount{"/x", type, "rw"}; };
    EXPECT_EQ(cgroup_mode({mount("cgroup2")}), "2");
    EXPECT_EQ(cgroup_mode({mount("cgroup"), mount("tmpfs")}), "1");
    EXPECT_EQ(cgroup_mode({mount("cgroup"), mount("cgroup2")}), "hybrid");
    EXPECT_EQ(cgroup_mode({mount("tmpfs")}), "none");
}

}  // namespace
}  // namespace drover::fingerprint
