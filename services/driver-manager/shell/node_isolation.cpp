// What NodeHands knows of isolating, limiting and ending tasks, and of whom they may run as.
#include <unistd.h>

#include "driver-manager/drivers/capabilities.hpp"
#include "driver-manager/drivers/env.hpp"
#include "driver-manager/drivers/external.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "host/log.hpp"
#include "os/user.hpp"

namespace drover::driver_manager {
namespace {

// Programs, libraries, configuration, and what /etc/resolv.conf may lead to.
constexpr const char* kHostDirs[] = {"/bin",    "/etc",  "/lib", "/lib32",          "/lib64",
                                     "/libx32", "/sbin", "/usr", "/run/resolvconf", "/run/systemd/resolve"};

}  // namespace

void NodeHands::look_what_ends_trees() const {
    if (cgroups_.can_kill() && cgroups_.limits() == "cpu memory pids") return;
    log::warn(cgroups_.can_kill()
                  ? "not every limit of tasks can be set"
                  : "no control group may be written: what a task starts is found by who started it, no "
                    "limit can be set, and the driver exec is not there",
              {{"trees_end_by", std::string(cgroups_.kill_step())},
               {"limits", cgroups_.limits().empty() ? "none" : cgroups_.limits()}});
}

drivers::HostFacts NodeHands::host_facts() {
    runtime_.look();
    return {.root = ::geteuid() == 0,
            .shim = fingerprint::is_executable_file(paths_.shim),
            .mock_task = fingerprint::is_executable_file(paths_.mock_task) ? paths_.mock_task : std::string(),
            .runtime = runtime_.path(),
            .cgroups = cgroups_.can_kill(),
            .mounts = may_mount_};
}

void NodeHands::describe_isolation(wire::NodeObserved& node) const {
    node.attributes["os.cgroups.kill"] = cgroups_.kill_step();
    if (!cgroups_.limits().empty()) node.attributes["os.cgroups.limits"] = cgroups_.limits();
    if (node.attributes.contains("driver.exec")) node.attributes["driver.exec.version"] = runtime_.version();
}

drivers::Isolator NodeHands::isolator() const {
    drivers::Isolator out;
    out.runtime = runtime_.path();
    out.init = paths_.shim;
    const std::vector<std::string> standard(std::begin(kHostDirs), std::end(kHostDirs));
    for (const std::string& dir : host_dirs_.empty() ? standard : host_dirs_)
        if (fingerprint::is_directory(dir)) out.host_dirs.push_back(dir);
    out.capabilities = capabilities_.empty() ? drivers::default_capabilities() : capabilities_;
    return out;
}

// What the task's alloc holds, as far as it holds anything yet.
Result<void> NodeHands::grant(const wire::TaskCommand& command, drivers::TaskContext& context) {
    const wire::Reservation* held = admission_.find(command.alloc);
    if (held == nullptr) return {};
    context.ports = held->ports;
    const auto share = held->tasks.find(command.task);
    if (share == held->tasks.end() || share->second.devices.empty()) return {};
    auto devices = devices_.reserve(share->second.devices);
    if (!devices) return tl::unexpected(devices.error());
    context.devices = std::move(*devices);
    return {};
}

void NodeHands::tell_grant(const setup::Site& place) {
    const wire::TaskCommand& command = place.command;
    wire::IncarnationObserved& told = runs_.at({command.alloc, command.task, command.seq}).facts.told;
    const std::string address = drivers::node_address(place.context);
    for (const auto& [label, port] : place.context.ports) told.ports[label] = address + ":" + std::to_string(port);
    const wire::Reservation* held = admission_.find(command.alloc);
    if (held == nullptr) return;
    const auto share = held->tasks.find(command.task);
    if (share != held->tasks.end()) told.devices = share->second.devices;
}

Result<void> NodeHands::permit(const wire::TaskSpec& spec) const {
    // Placed here before it was forbidden.
    if (const auto permitted = drivers::permit(policy_, spec.driver); !permitted)
        return fail(ErrorKind::refused, "driver " + spec.driver + " is " + permitted.error().message);
    if (drivers::may_be_external(spec.driver)) {
        if (external_.homes.contains(spec.driver)) return {};
        return fail(ErrorKind::not_found, "this node has no driver " + spec.driver);
    }
    if (spec.user.empty()) return drivers::permit_user(policy_, spec.driver, ::geteuid());
    // One who is not known is refused at the launch, with a sentence of its own.
    const auto user = os::find_user(spec.user);
    return user ? drivers::permit_user(policy_, spec.driver, user->uid) : Result<void>();
}

}  // namespace drover::driver_manager
