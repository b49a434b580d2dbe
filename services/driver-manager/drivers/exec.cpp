#include "driver-manager/drivers/exec.hpp"

#include <algorithm>

#include "driver-manager/drivers/capabilities.hpp"
#include "driver-manager/drivers/command.hpp"

namespace drover::drivers {
namespace {

constexpr std::string_view kExecFields[] = {"command",  "args",    "work_dir",  "cap_add",
                                            "cap_drop", "network", "pids_limit"};
constexpr std::int64_t kMostPids = 4 << 20;  // of the kernel
constexpr const char* kHostNetwork = "host";
constexpr const char* kNoNetwork = "none";

struct ExecConfig {
    Command command;
    std::vector<std::string> cap_add;
    std::vector<std::string> cap_drop;
    std::string network;
    std::uint32_t pids = 0;
};

void check_names(ConfigReader& reader, std::string_view field, const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == "all" || names[i].empty()) continue;
        if (const auto known = capability(names[i]); !known)
            reader.problem(std::string(field) + "[" + std::to_string(i) + "]", "is wrong: " + known.error().message);
    }
}

ExecConfig read_exec(ConfigReader& reader) {
    ExecConfig config;
    config.command = read_command(reader);
    config.cap_add = reader.texts("cap_add");
    config.cap_drop = reader.texts("cap_drop");
    config.network = reader.text("network");
    config.pids = static_cast<std::uint32_t>(reader.number("pids_limit", 0, kMostPids));
    check_names(reader, "cap_add", config.cap_add);
    check_names(reader, "cap_drop", config.cap_drop);
    if (!config.network.empty() && config.network != kHostNetwork && config.network != kNoNetwork)
        reader.problem("network", "must be \"host\" or \"none\", not \"" + config.network + "\"");
    return config;
}

// As the task sees them.
const TaskDirs kInside{.shared = "/alloc", .logs = "/alloc/logs", .root = "", .local = "/local", .secrets = "/secrets"};

std::vector<Mount> mounts_of(const TaskDirs& dirs, const std::vector<std::string>& host_dirs) {
    std::vector<Mount> out;
    for (const std::string& dir : host_dirs) out.push_back({.source = dir, .target = dir});
    out.push_back({.source = dirs.shared, .target = kInside.shared, .writable = true});
    // Only the shim writes them.
    out.push_back({.source = dirs.logs, .target = kInside.logs});
    out.push_back({.source = dirs.local, .target = kInside.local, .writable = true});
    out.push_back({.source = dirs.root + "/tmp", .target = "/tmp", .writable = true});
    out.push_back({.source = dirs.secrets, .target = kInside.secrets, .writable = true, .executable = false});
    return out;
}

bool is_within(std::string_view path, std::string_view dir) {
    return path.starts_with(dir) && (path.size() == dir.size() || path[dir.size()] == '/');
}

// What the kernel tells of the whole machine, and what even root inside has no business with.
std::vector<std::string> masked_paths() {
    return {"/proc/acpi",        "/proc/asound",  "/proc/kcore",         "/proc/keys",       "/proc/latency_stats",
            "/proc/sched_debug", "/proc/scsi",    "/proc/sysrq-trigger", "/proc/timer_list", "/sys/firmware",
            "/etc/gshadow",      "/etc/gshadow-", "/etc/shadow",         "/etc/shadow-",     "/etc/ssl/private"};
}

Isolation isolate(const ExecConfig& config, const TaskContext& context, std::vector<std::string> capabilities) {
    Isolation out;
    out.runtime = context.isolator.runtime;
    out.init = context.isolator.init;
    out.root = context.dirs.root;
    out.mounts = mounts_of(context.dirs, context.isolator.host_dirs);
    out.mounts.insert(out.mounts.end(), context.devices.mounts.begin(), context.devices.mounts.end());
    out.devices = context.devices.nodes;
    out.masked = masked_paths();
    out.namespaces = {"pid", "mount", "ipc", "uts"};
    if (config.network == kNoNetwork) out.namespaces.emplace_back("network");
    out.refused = refused_syscalls(capabilities);
    out.capabilities = std::move(capabilities);
    return out;
}

}  // namespace

std::string exec_on_node(const std::string& path, const TaskDirs& dirs, const std::vector<std::string>& host_dirs) {
    const std::vector<Mount> mounts = mounts_of(dirs, host_dirs);
    // The last one that has it lies on top of the others.
    const auto top =
        std::find_if(mounts.rbegin(), mounts.rend(), [&](const Mount& mount) { return is_within(path, mount.target); });
    return top == mounts.rend() ? dirs.root + path : top->source + path.substr(top->target.size());
}

TaskContext exec_inside(const TaskContext& context) {
    TaskContext inside = context;
    inside.dirs = kInside;
    inside.is_executable = [dirs = context.dirs, host_dirs = context.isolator.host_dirs,
                            on_node = context.is_executable](const std::string& path) {
        return on_node(exec_on_node(path, dirs, host_dirs));
    };
    return inside;
}

wire::DriverInfo exec_fingerprint(const HostFacts& host) {
    const auto absent = [](const char* why) {
        return wire::DriverInfo{.detected = false, .healthy = false, .description = why};
    };
    if (!host.root) return absent("needs a driver-manager that runs as root");
    if (host.runtime.empty()) return absent("crun is not installed");
    if (!host.mounts) return absent("needs the right to mount, which this driver-manager does not have");
    if (!host.cgroups) return absent("needs a control group hierarchy that the driver-manager may write");
    if (!host.shim) return {.detected = true, .healthy = false, .description = std::string(kNoShim)};
    return {.detected = true, .healthy = true, .description = "Healthy"};
}

std::vector<ConfigProblem> exec_check(const wire::TaskSpec& spec) {
    ConfigReader reader(spec.config, kExecFields);
    read_exec(reader);
    return std::move(reader).problems();
}

Result<LaunchPlan> exec_plan(const wire::TaskSpec& spec, const TaskContext& context) {
    if (context.isolator.runtime.empty()) return fail(ErrorKind::unavailable, "crun is not installed on this node");
    ConfigReader reader(spec.config, kExecFields);
    const ExecConfig config = read_exec(reader);
    auto capabilities = choose_capabilities(context.isolator.capabilities, config.cap_add, config.cap_drop);
    if (!capabilities) return tl::unexpected(capabilities.error());
    auto planned = plan_command(config.command, spec, exec_inside(context), kInside.local);
    if (!planned) return planned;
    LaunchPlan plan = std::move(*planned);
    plan.log_dir = context.dirs.logs;
    plan.pids = config.pids;
    plan.isolation = isolate(config, context, std::move(*capabilities));
    return plan;
}

}  // namespace drover::drivers
