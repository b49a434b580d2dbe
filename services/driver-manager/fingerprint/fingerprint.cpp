#include "driver-manager/fingerprint/fingerprint.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>

#include "driver-manager/fingerprint/network.hpp"
#include "driver-manager/fingerprint/parse.hpp"
#include "os/files.hpp"

namespace drover::fingerprint {
namespace {

using Attributes = std::map<std::string, std::string>;

constexpr std::size_t kMaxText = 4 << 20;
constexpr std::size_t kMaxNodes = 4096;
constexpr const char* kMemoryNodes = "/sys/devices/system/node";
constexpr const char* kMostKhz = "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq";

std::string text_of(const std::string& path) {
    std::string text = os::read_file(path, kMaxText).value_or("");
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

std::string whole(double number) { return std::to_string(std::llround(number)); }

// "SIGABRT,SIGALRM,..."
std::string signal_list() {
    std::vector<std::string> names;
    for (int number = 1; number < SIGRTMIN; ++number)
        if (const char* const name = ::sigabbrev_np(number)) names.push_back(std::string("SIG") + name);
    std::sort(names.begin(), names.end());
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
    return out;
}

void describe_kernel(Attributes& out) {
    utsname names{};
    if (::uname(&names) != 0) return;
    out["kernel.name"] = names.sysname;
    out["kernel.version"] = names.release;
    out["kernel.arch"] = names.machine;
    out["cpu.arch"] = names.machine;
}

// Which processors share which memory.
void describe_memory_nodes(Attributes& out) {
    const auto names = os::list_dir(kMemoryNodes, kMaxNodes);
    std::size_t count = 0;
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
        const std::string number = name.starts_with("node") ? name.substr(4) : "";
        if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) continue;
        out["numa.node" + number + ".cores"] = text_of(kMemoryNodes + ("/" + name) + "/cpulist");
        ++count;
    }
    if (count > 0) out["numa.node.count"] = std::to_string(count);
}

std::string host_name() {
    utsname names{};
    return ::uname(&names) == 0 ? names.nodename : "";
}

}  // namespace

Machine::Machine(Wishes wishes) : wishes_(std::move(wishes)) {
    const std::string cpuinfo = text_of("/proc/cpuinfo");
    const Topology cpus = topology(cpuinfo);
    const double most = leading_number(text_of(kMostKhz)) / 1000;
    mhz_ = most > 0 ? most : cpus.mhz;
    describe_kernel(lasting_);
    describe_memory_nodes(lasting_);
    lasting_["cpu.modelname"] = cpu_model(cpuinfo);
    if (cpus.sockets > 0) lasting_["cpu.sockets"] = std::to_string(cpus.sockets);
    if (cpus.cores > 0) lasting_["cpu.physicalcores"] = std::to_string(cpus.cores);
    if (mhz_ > 0) lasting_["cpu.frequency"] = whole(mhz_);
    lasting_["os.signals"] = signal_list();
}

wire::NodeObserved Machine::observe(const std::string& id,
                                    const std::map<std::string, wire::DriverInfo>& drivers) const {
    wire::NodeObserved node;
    node.id = id;
    node.name = host_name();
    if (node.name.empty()) node.name = id;
    node.drivers = drivers;
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    const double cores = online > 0 ? static_cast<double>(online) : 1;
    const std::uint64_t memory = total_memory(text_of("/proc/meminfo"));
    node.cpu = std::max(0.0, cores - wishes_.reserved_cpu);
    node.memory = memory > wishes_.reserved_memory ? memory - wishes_.reserved_memory : 0;

    Attributes attributes = lasting_;
    attributes["unique.hostname"] = node.name;
    attributes["cpu.numcores"] = whole(cores);
    attributes["cpu.reservablecores"] = whole(std::floor(node.cpu));
    if (mhz_ > 0) attributes["cpu.totalcompute"] = whole(mhz_ * cores);
    attributes["memory.totalbytes"] = std::to_string(memory);
    const std::string release = text_of("/etc/os-release");
    attributes["os.name"] = os_release_value(release, "ID");
    attributes["os.version"] = os_release_value(release, "VERSION_ID");
    attributes["os.cgroups.version"] = cgroup_mode(os::read_mounts());
    for (const auto& [name, info] : drivers)
        if (info.detected) attributes["driver." + name] = "1";
    for (auto& [name, value] : attributes)
        if (!value.empty()) node.attributes.emplace(name, std::move(value));
    describe_network(wishes_.interface, node);
    return node;
}

}  // namespace drover::fingerprint
