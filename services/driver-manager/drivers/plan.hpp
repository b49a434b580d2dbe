// LaunchPlan: what a plan-based driver makes of a task, as plain data. Launching, supervision, logs and recovery are
// the launcher's and happen the same way for every driver.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "wire/job.hpp"

namespace drover::drivers {

struct LaunchPlan {
    std::vector<std::string> argv;           // argv[0] is an absolute path
    std::map<std::string, std::string> env;  // the whole environment
    std::string user;                        // empty: as the driver-manager
    std::string work_dir;                    // absolute
    wire::Resources resources;
    wire::LogConfig logs;
    std::string log_dir;   // absolute; files are <task>.stdout.N and <task>.stderr.N in it
    Duration start_delay;  // before exec; mock driver
    // Of a task that is a container: it has no argv, environment, user, directory and limits here, all of that is in
    // the body that creates it. A program of its own supervises it in the place of the shim.
    std::string container;   // JSON; empty: a process
    std::string supervisor;  // path of the program
    std::string engine;      // socket of the daemon
};

}  // namespace drover::drivers
