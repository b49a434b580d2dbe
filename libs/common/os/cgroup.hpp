// Control groups of version 1, 2 or both at once: what is mounted and may be written, where a task's groups go, and how
// everything in them is killed. The shim makes the groups of its task; this side plans them, and ends what a dead shim
// has left in them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/mounts.hpp"

namespace drover::os {

// Zero means no limit.
struct CgroupLimits {
    double cpu = 0;            // cores
    std::uint64_t memory = 0;  // bytes
    std::uint64_t pids = 0;    // processes and threads
};

struct CgroupPlan {
    std::vector<std::string> dirs;                              // absolute; to be made, then joined
    std::vector<std::pair<std::string, std::string>> settings;  // file -> value, once the directories exist
};

class Cgroups {
   public:
    // Finds the hierarchies among `mounts` in which a group "drover" exists or can be made, and makes it.
    static Cgroups detect(const std::vector<Mount>& mounts);
    static Cgroups detect() { return detect(read_mounts()); }

    // The groups of a task called `name` (a plain name). Limits that this machine cannot set are left out; without any
    // usable hierarchy the plan is empty.
    CgroupPlan plan(std::string_view name, const CgroupLimits& limits) const;

    // Can a task's whole tree be killed through a group?
    bool can_kill() const { return !unified_.empty() || !freezer_.empty(); }
    bool can_limit_memory() const { return unified_memory_ || !memory_.empty(); }
    bool can_limit_cpu() const { return unified_cpu_ || !cpu_.empty(); }
    bool can_limit_pids() const { return unified_pids_ || !pids_.empty(); }

    // By what a task's whole tree is ended: "cgroup.kill", "freezer", or "parents", when no group may be written and
    // only the relations of processes are left.
    std::string_view kill_step() const;
    // "cpu memory pids", or those of them that can be limited.
    std::string limits() const;

   private:
    std::string unified_;  // each the directory "drover" in its hierarchy, or empty
    std::string freezer_;
    std::string memory_;
    std::string cpu_;
    std::string pids_;
    bool unified_memory_ = false;
    bool unified_cpu_ = false;
    bool unified_pids_ = false;
};

// One group of each hierarchy in which a process belongs to no group that others made, such as that of a container:
// what is in them outlives whoever empties that. Empty where they cannot be made.
std::vector<std::string> groups_of_nobody(const std::vector<Mount>& mounts);

// The processes in a group and in the groups below it.
std::vector<pid_t> cgroup_processes(const std::string& dir);

// One blow at everything in these groups of one task and below; true when nothing was left in them already. Repeat
// until then: processes need a moment to die.
bool kill_cgroups(const std::vector<std::string>& dirs);

// Removes the empty groups and those below them.
Result<void> remove_cgroups(const std::vector<std::string>& dirs);

}  // namespace drover::os
