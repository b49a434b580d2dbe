#include "os/cgroup.hpp"

#include <algorithm>
#include <cmath>

#include "os/files.hpp"

namespace drover::os {

namespace {

constexpr std::string_view kGroup = "/drover";
constexpr std::int64_t kPeriodUs = 100'000;

bool has_word(std::string_view text, std::string_view word, char separator) {
    while (!text.empty()) {
        const std::size_t end = text.find(separator);
        if (text.substr(0, end) == word) return true;
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return false;
}

// The directory "drover" in the hierarchy mounted at `mount`, made if need be; empty when it may not be written.
std::string claim(const std::string& mount) {
    std::string dir = mount + std::string(kGroup);
    if (!make_dir(dir, 0755)) return "";
    // A file system mounted read-only, or one delegated to somebody else, shows only when a group is made in it.
    const std::string probe = dir + "/probe";
    if (!make_dir(probe, 0755)) return "";
    return remove_cgroups({probe}) ? dir : "";
}

// Hands `controller` down to the groups of tasks; false where it is absent, or refused because processes live in the
// mounted root, as in a container.
bool delegate(const std::string& mount, const std::string& group, const std::string& controller) {
    const std::string on = "+" + controller;
    if (!write_control(mount + "/cgroup.subtree_control", on)) return false;
    return write_control(group + "/cgroup.subtree_control", on).has_value();
}

std::string quota(double cores) {
    // The kernel refuses less than one millisecond.
    return std::to_string(std::max<std::int64_t>(1000, std::llround(cores * static_cast<double>(kPeriodUs))));
}

}  // namespace

Cgroups Cgroups::detect(const std::vector<Mount>& mounts) {
    Cgroups out;
    for (const Mount& mount : mounts) {
        if (mount.type == "cgroup2" && out.unified_.empty()) {
            out.unified_ = claim(mount.path);
            if (out.unified_.empty()) continue;
            out.unified_memory_ = delegate(mount.path, out.unified_, "memory");
            out.unified_cpu_ = delegate(mount.path, out.unified_, "cpu");
            out.unified_pids_ = delegate(mount.path, out.unified_, "pids");
        }
        if (mount.type != "cgroup") continue;
        // Containers show parts of the same hierarchies once more.
        for (auto& [controller, dir] : {std::pair("freezer", &out.freezer_), std::pair("memory", &out.memory_),
                                        std::pair("cpu", &out.cpu_), std::pair("pids", &out.pids_)})
            if (dir->empty() && has_word(mount.options, controller, ',')) *dir = claim(mount.path);
    }
    return out;
}

std::vector<std::string> groups_of_nobody(const std::vector<Mount>& mounts) {
    std::vector<std::string> out;
    for (const Mount& mount : mounts) {
        if (mount.root != "/") continue;
        if (mount.type == "cgroup") out.push_back(mount.path);
        if (mount.type != "cgroup2") continue;
        // Version 2 has no processes in a group that hands controllers down.
        const std::string group = claim(mount.path);
        if (!group.empty() && make_dir(group + "/supervisors", 0755)) out.push_back(group + "/supervisors");
    }
    return out;
}

CgroupPlan Cgroups::plan(std::string_view name, const CgroupLimits& limits) const {
    CgroupPlan out;
    const auto join = [&](const std::string& parent) {
        std::string dir = parent + "/" + std::string(name);
        if (std::find(out.dirs.begin(), out.dirs.end(), dir) == out.dirs.end()) out.dirs.push_back(dir);
        return dir;
    };
    if (!unified_.empty()) {
        join(unified_);
    } else if (!freezer_.empty()) {
        join(freezer_);
    }
    if (limits.memory > 0 && unified_memory_) {
        out.settings.emplace_back(join(unified_) + "/memory.max", std::to_string(limits.memory));
    } else if (limits.memory > 0 && !memory_.empty()) {
        out.settings.emplace_back(join(memory_) + "/memory.limit_in_bytes", std::to_string(limits.memory));
    }
    if (limits.cpu > 0 && unified_cpu_) {
        out.settings.emplace_back(join(unified_) + "/cpu.max", quota(limits.cpu) + " " + std::to_string(kPeriodUs));
    } else if (limits.cpu > 0 && !cpu_.empty()) {
        const std::string dir = join(cpu_);
        out.settings.emplace_back(dir + "/cpu.cfs_period_us", std::to_string(kPeriodUs));
        out.settings.emplace_back(dir + "/cpu.cfs_quota_us", quota(limits.cpu));
    }
    if (limits.pids > 0 && can_limit_pids())
        out.settings.emplace_back(join(unified_pids_ ? unified_ : pids_) + "/pids.max", std::to_string(limits.pids));
    return out;
}

std::string_view Cgroups::kill_step() const {
    if (!unified_.empty()) return "cgroup.kill";
    return freezer_.empty() ? "parents" : "freezer";
}

std::string Cgroups::limits() const {
    std::string out;
    for (const auto& [can, name] : {std::pair(can_limit_cpu(), " cpu"), std::pair(can_limit_memory(), " memory"),
                                    std::pair(can_limit_pids(), " pids")})
        if (can) out += name;
    return out.empty() ? out : out.substr(1);
}

}  // namespace drover::os
