#include "driver-manager/fingerprint/fingerprint.hpp"

#include <gtest/gtest.h>

#include "driver-manager/fingerprint/network.hpp"
#include "driver-manager/fingerprint/parse.hpp"
#include "driver-manager/fingerprint/runtime.hpp"

namespace drover::fingerprint {
namespace {

TEST(Fingerprint, TellsWhatTheMachineHas) {
    const wire::NodeObserved node = Machine({}).observe("n1", {{"raw_exec", {true, true, "Healthy"}}, {"mock", {}}});
    EXPECT_EQ(node.id, "n1");
    EXPECT_FALSE(node.name.empty());
    EXPECT_GE(node.cpu, 1);
    EXPECT_GT(node.memory, 1u << 20);
    EXPECT_EQ(node.drivers.size(), 2u);
    EXPECT_EQ(node.attributes.at("driver.raw_exec"), "1");
    EXPECT_FALSE(node.attributes.contains("driver.mock"));
    EXPECT_EQ(node.attributes.at("kernel.name"), "Linux");
    for (const char* name :
         {"kernel.version", "kernel.arch", "cpu.arch", "cpu.numcores", "cpu.modelname", "cpu.reservablecores",
          "memory.totalbytes", "os.name", "os.version", "os.cgroups.version", "os.signals", "unique.hostname"})
        EXPECT_FALSE(node.attributes.at(name).empty()) << name;
    EXPECT_NE(node.attributes.at("os.signals").find("SIGHUP,SIGILL,SIGINT"), std::string::npos);
}

TEST(Fingerprint, IsTheSameWhileNothingChanges) {
    const Machine machine({});
    EXPECT_EQ(machine.observe("n1", {}), machine.observe("n1", {}));
}

TEST(Fingerprint, KeepsForTheMachineWhatItsOwnerReserves) {
    const wire::NodeObserved all = Machine({}).observe("n1", {});
    const wire::NodeObserved rest = Machine({.reserved_cpu = 0.5, .reserved_memory = 1 << 20}).observe("n1", {});
    EXPECT_DOUBLE_EQ(rest.cpu, all.cpu - 0.5);
    EXPECT_EQ(rest.memory, all.memory - (1 << 20));
    EXPECT_EQ(rest.attributes.at("memory.totalbytes"), all.attributes.at("memory.totalbytes"));
    EXPECT_EQ(Machine({.reserved_cpu = 1e6, .reserved_memory = 1ULL << 62}).observe("n1", {}).cpu, 0);
}

TEST(Fingerprint, TellsTheAddressOfTheInterfaceItIsTold) {
    wire::NodeObserved node;
    describe_network("lo", node);
    EXPECT_EQ(node.attributes.at("unique.network.ip-address"), "127.0.0.1");
    EXPECT_EQ(node.attributes.at("unique.network.interface"), "lo");
    wire::NodeObserved none;
    describe_network("no-such-interface", none);
    EXPECT_TRUE(none.attributes.empty());
}

TEST(Fingerprint, FindsTheDefaultRoute) {
    const std::string head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
    const std::string wlan = "wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n";
    const std::string wire = "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";
    const std::string local = "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
    EXPECT_EQ(default_interface(head + wlan + wire + local), "eth0");
    EXPECT_EQ(default_interface(head + local), "");
    EXPECT_EQ(default_interface(""), "");
}

TEST(Fingerprint, CountsSocketsAndCores) {
    const auto processor = [](int socket, int core) {
        return "processor\t: 0\ncpu MHz\t\t: 2596.130\nphysical id\t: " + std::to_string(socket) +
               "\ncore id\t\t: " + std::to_string(core) + "\n\n";
    };
    const Topology two = topology(processor(0, 0) + processor(0, 0) + processor(0, 1) + processor(1, 0));
    EXPECT_EQ(two, (Topology{.sockets = 2, .cores = 3, .mhz = 2596.13}));
    EXPECT_EQ(topology("processor\t: 0\n"), Topology{});
}

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
