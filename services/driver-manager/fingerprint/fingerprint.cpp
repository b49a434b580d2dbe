#include "driver-manager/fingerprint/fingerprint.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include "driver-manager/fingerprint/parse.hpp"
#include "os/files.hpp"

namespace drover::fingerprint {
namespace {

constexpr std::size_t kMaxText = 4 << 20;

std::string text_of(const std::string& path) { return os::read_file(path, kMaxText).value_or(""); }

}  // namespace

wire::NodeObserved observe_node(const std::string& id, const std::map<std::string, wire::DriverInfo>& drivers) {
    wire::NodeObserved node;
    node.id = id;
    node.drivers = drivers;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    node.cpu = cores > 0 ? static_cast<double>(cores) : 1;
    node.memory = total_memory(text_of("/proc/meminfo"));

    std::map<std::string, std::string> attributes;
    utsname names{};
    if (uname(&names) == 0) {
        node.name = names.nodename;
        attributes["kernel.name"] = names.sysname;
        attributes["kernel.version"] = names.release;
        attributes["kernel.arch"] = names.machine;
        attributes["cpu.arch"] = names.machine;
    }
    if (node.name.empty()) node.name = id;
    attributes["unique.hostname"] = node.name;
    attributes["cpu.numcores"] = std::to_string(static_cast<long>(node.cpu));
    attributes["cpu.modelname"] = cpu_model(text_of("/proc/cpuinfo"));
    attributes["memory.totalbytes"] = std::to_string(node.memory);
    const std::string release = text_of("/etc/os-release");
    attributes["os.name"] = os_release_value(release, "ID");
    attributes["os.version"] = os_release_value(release, "VERSION_ID");
    attributes["os.cgroups.version"] = cgroup_mode(os::read_mounts());
    for (const auto& [name, info] : drivers)
        if (info.detected) attributes["driver." + name] = "1";
    for (auto& [name, value] : attributes)
        if (!value.empty()) node.attributes.emplace(name, std::move(value));
    return node;
}

}  // namespace drover::fingerprint
