// LaunchPlan: what a plan-based driver makes of a task, as plain data. Launching, supervision, logs and recovery are
// the launcher's and happen the same way for every driver.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver-manager/drivers/seccomp.hpp"
#include "wire/job.hpp"

namespace drover::drivers {

// Something of the node that a task sees at a path of its own; never with devices, and without the rights of its owner.
struct Mount {
    std::string source;
    std::string target;
    bool writable = false;
    bool executable = true;

    friend bool operator==(const Mount&, const Mount&) = default;
};

// A device node that a task sees at a path of its own.
struct DeviceNode {
    std::string source;
    std::string target;
    std::string access = "rw";  // of r, w and m, as a device control group has them

    friend bool operator==(const DeviceNode&, const DeviceNode&) = default;
};

// What keeps a task apart from the node and from other tasks.
struct Isolation {
    std::string runtime;  // path of the OCI runtime
    std::string init;     // path of the program that runs the task as its child (shim/protocol.h)
    std::string root;     // the directory that the task sees as /, read-only
    std::vector<Mount> mounts;
    std::vector<DeviceNode> devices{};
    std::vector<std::string> masked;        // paths that it sees empty
    std::vector<std::string> namespaces;    // as OCI names them
    std::vector<std::string> capabilities;  // "CAP_KILL"; what it could have at most
    std::vector<SyscallRule> refused;

    friend bool operator==(const Isolation&, const Isolation&) = default;
};

struct LaunchPlan {
    std::vector<std::string> argv;           // argv[0] is an absolute path
    std::map<std::string, std::string> env;  // the whole environment
    std::string user;                        // empty: as the driver-manager
    std::string work_dir;                    // absolute
    wire::Resources resources;
    std::uint32_t pids = 0;  // processes and threads at a time; 0: unlimited
    wire::LogConfig logs;
    std::string log_dir;                 // absolute; files are <task>.stdout.N and <task>.stderr.N in it
    std::vector<std::string> beside;     // runs in the place of commands of users beside the task; mock driver
    Duration start_delay;                // before exec; mock driver
    std::string exit_error;              // told of an end that nobody asked for; mock driver
    Duration driver_ends_after;          // after which the driver breaks; 0: it does not; mock driver
    std::optional<Isolation> isolation;  // then argv and work_dir are paths inside
    // Of a task that a program of its own supervises in the place of the shim: it has no argv, environment, user,
    // directory and limits here, all of that is in what the program is told.
    std::string supervisor;  // path of the program; empty: the shim
    std::string engine;      // who runs the task: the socket of a daemon, the home of an external driver
    std::string container;   // of a container: the body that creates it, JSON
    std::string order;       // of a task of an external driver: a DriverTask, encoded
};

}  // namespace drover::drivers
