#include "driver-manager/drivers/oci.hpp"

#include <nlohmann/json.hpp>

namespace drover::drivers {
namespace {

using Json = nlohmann::json;

constexpr int kUmask = 022;

Json file_system(const char* target, const char* type, const Json& options) {
    return {{"destination", target}, {"type", type}, {"source", type}, {"options", options}};
}

Json bind(const Mount& mount) {
    // With everything that is mounted below it on the node, as safe as itself.
    Json options = {"rbind", mount.writable ? "rw" : "rro", "nosuid", "nodev"};
    if (!mount.executable) options.push_back("noexec");
    return {{"destination", mount.target}, {"type", "bind"}, {"source", mount.source}, {"options", options}};
}

bool may_write(const DeviceNode& node) { return node.access.find('w') != std::string::npos; }

Json mounts(const Isolation& isolation) {
    Json out = Json::array();
    out.push_back(file_system("/proc", "proc", {"nosuid", "noexec", "nodev"}));
    out.push_back(file_system("/dev", "tmpfs", {"nosuid", "noexec", "strictatime", "mode=755", "size=64k"}));
    out.push_back(file_system("/dev/pts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}));
    out.push_back(file_system("/dev/shm", "tmpfs", {"nosuid", "noexec", "nodev", "mode=1777", "size=64m"}));
    out.push_back(file_system("/dev/mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
    out.push_back(file_system("/sys", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
    // Not as those below: crun takes what is recursive for a directory.
    out.push_back({{"destination", kInitInside},
                   {"type", "bind"},
                   {"source", isolation.init},
                   {"options", {"bind", "ro", "nosuid", "nodev"}}});
    for (const Mount& mount : isolation.mounts) out.push_back(bind(mount));
    for (const DeviceNode& node : isolation.devices)
        out.push_back({{"destination", node.target},
                       {"type", "bind"},
                       {"source", node.source},
                       {"options", {"bind", may_write(node) ? "rw" : "ro", "nosuid", "noexec"}}});
    return out;
}

Json seccomp(const std::vector<SyscallRule>& refused) {
    Json calls = Json::array();
    for (const SyscallRule& rule : refused) {
        Json call = {{"names", rule.names}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", rule.error}};
        if (rule.argument >= 0)
            call["args"] = Json::array({{{"index", rule.argument},
                                         {"value", rule.mask},
                                         {"valueTwo", rule.value},
                                         {"op", "SCMP_CMP_MASKED_EQ"}}});
        calls.push_back(std::move(call));
    }
    return {{"defaultAction", "SCMP_ACT_ALLOW"}, {"syscalls", std::move(calls)}};
}

Json process(const LaunchPlan& plan, const OciUser& user, const std::vector<std::string>& init_words) {
    Json words = Json::array({kInitInside});
    for (const std::string& word : init_words) words.push_back(word);
    for (const std::string& word : plan.argv) words.push_back(word);
    Json env = Json::array();
    for (const auto& [name, value] : plan.env) env.push_back(name + "=" + value);
    const std::vector<std::string>& capabilities = plan.isolation->capabilities;
    return {{"user", {{"uid", user.uid}, {"gid", user.gid}, {"additionalGids", user.groups}, {"umask", kUmask}}},
            {"args", std::move(words)},
            {"env", std::move(env)},
            {"cwd", plan.work_dir},
            // A user other than root has none of them in effect.
            {"capabilities", {{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}},
            {"noNewPrivileges", true}};
}

}  // namespace

Result<std::string> oci_config(const LaunchPlan& plan, const OciUser& user,
                               const std::vector<std::string>& init_words) {
    const Isolation& isolation = *plan.isolation;
    Json namespaces = Json::array();
    for (const std::string& one : isolation.namespaces) namespaces.push_back({{"type", one}});
    const Json config = {{"ociVersion", "1.0.0"},
                         {"process", process(plan, user, init_words)},
                         {"root", {{"path", isolation.root}, {"readonly", true}}},
                         {"mounts", mounts(isolation)},
                         {"linux",
                          {{"namespaces", std::move(namespaces)},
                           {"maskedPaths", isolation.masked},
                           {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"}},
                           {"rootfsPropagation", "rprivate"},
                           {"seccomp", seccomp(isolation.refused)}}}};
    try {
        return config.dump();
    } catch (const Json::exception&) {
        return fail(ErrorKind::invalid,
                    "an argument or a variable of the task is no UTF-8, which no isolated task can be given");
    }
}

}  // namespace drover::drivers
