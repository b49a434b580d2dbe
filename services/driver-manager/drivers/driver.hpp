// Drivers: how a TaskSpec becomes a LaunchPlan. Pure: a driver looks at nothing but what it is given, so plans are
// compared as data in tests, and a job can be checked where no driver runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/drivers/config.hpp"
#include "driver-manager/drivers/plan.hpp"
#include "wire/observed.hpp"

namespace drover::drivers {

// Absolute paths of one task.
struct TaskDirs {
    std::string shared;  // of the whole alloc
    std::string logs;    // of the whole alloc
    std::string root;    // the task's own; the others are in it
    std::string local;   // what the task works with
    std::string secrets;
};

// What a node has to isolate tasks with.
struct Isolator {
    std::string runtime;                    // path of crun; empty when there is none
    std::string init;                       // Isolation::init
    std::vector<std::string> host_dirs;     // that tasks get to see, where they are on the node; each exists
    std::vector<std::string> capabilities;  // that tasks may have
};

// What containers need of the node and what its owner lets them have.
struct DockerNode {
    std::string program;      // path of drover-docker; empty when there is none
    std::string socket;       // of the daemon
    bool volumes = false;     // directories of the host, not only of the alloc
    bool privileged = false;  // containers that may do anything to the host
    std::string auth_file{};  // credentials for registries, as docker's config.json has them; empty: none
};

// What a task gets with the devices that it has to itself.
struct DeviceGrant {
    std::map<std::string, std::string> env;
    std::vector<Mount> mounts;
    std::vector<DeviceNode> nodes;

    friend bool operator==(const DeviceGrant&, const DeviceGrant&) = default;
};

// The drivers that are programs of their own.
struct ExternalNode {
    std::string program;                       // path of drover-external; empty when there is none
    std::map<std::string, std::string> homes;  // directory of each driver, by name
};

struct TaskContext {
    std::string alloc;
    std::string job;
    std::string group;
    std::uint32_t index = 0;
    std::string node;  // its id
    std::string node_name;
    std::map<std::string, std::string> attributes;  // of the node
    std::map<std::string, std::string> meta;        // of job, group and task, the inner one first
    TaskDirs dirs;
    std::map<std::string, std::string> host_env;   // of the driver-manager; what is secret or its own stays there
    std::map<std::string, std::uint32_t> ports{};  // of the alloc, by label
    DeviceGrant devices{};
    std::map<std::string, std::string> late_env;                 // found out during the setup; has the last word
    std::function<bool(const std::string& path)> is_executable;  // null: that cannot be known
    // Does the path exist, and lie below the directory also when its links are followed?
    std::function<bool(const std::string& dir, const std::string& path)> stays_below;
    std::string mock_task;    // path of drover-mock-task; empty when there is none
    bool host_files = false;  // may its templates be made of any file of the node?
    Isolator isolator;
    DockerNode docker;
    ExternalNode external;
};

// What a driver may want to know about the node to say whether it works there.
struct HostFacts {
    bool root = false;
    bool shim = true;              // what starts tasks is there
    std::string mock_task{};       // as in TaskContext
    std::string runtime{};         // as in Isolator
    bool cgroups = false;          // whole trees can be ended through a control group
    bool mounts = false;           // this process may mount
    bool docker = false;           // drover-docker is there
    std::string docker_version{};  // of the daemon, when it answers
    std::string docker_error{};    // why it does not
    bool mock_down = false;        // the driver mock plays dead
};

struct Driver {
    std::string_view name;
    wire::DriverInfo (*fingerprint)(const HostFacts& host);
    // Everything that is wrong with the task's config block.
    std::vector<ConfigProblem> (*check)(const wire::TaskSpec& spec);
    // Errors of kind `unavailable` may pass when tried again; all others stay.
    Result<LaunchPlan> (*plan)(const wire::TaskSpec& spec, const TaskContext& context);
    // Whom tasks run as that do not say it; empty: as the driver-manager.
    std::string_view default_user{};
    // refused, and why, when no signal may be sent to the task; null: any may.
    Result<void> (*may_signal)(const wire::TaskSpec& spec) = nullptr;
    // The context as a task sees it that has other paths than the node; null: tasks see what the node does.
    TaskContext (*inside)(const TaskContext& context) = nullptr;
};

// The sentence of a driver that cannot start anything, because there is no shim.
inline constexpr std::string_view kNoShim = "drover-shim, which starts tasks, is not where it was or may not be run";

// Every driver of ours.
std::span<const Driver> all_drivers();

// One of ours; not_found with the nearest name.
Result<const Driver*> find_driver(std::string_view name);

// check() as one sentence, for the first problem. An external driver checks a task when it starts it.
Result<void> validate(const wire::TaskSpec& spec);

// The plan of the driver that the spec names.
Result<LaunchPlan> plan(const wire::TaskSpec& spec, const TaskContext& context);

// refused, and why, when the task's driver sends it no signal.
Result<void> may_signal(const wire::TaskSpec& spec);

// May the same plan succeed when it is tried again?
inline bool is_recoverable(const Error& error) { return error.kind == ErrorKind::unavailable; }

}  // namespace drover::drivers
