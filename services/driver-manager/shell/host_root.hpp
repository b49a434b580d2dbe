// Running in a container, on the machine outside of it: tasks are the machine's, so paths, users, programs and control
// groups have to be, too. Where the container mounts the machine's root, the driver-manager makes that its own.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::driver_manager {

// How a process that has left its container's root still reaches what is there.
struct Container {
    std::string root;      // "/proc/self/fd/5"; empty: in no container
    std::string programs;  // the directory of this program, below `root`
};

// Makes `host_root`, where the machine's root is mounted, the root of this process, and leaves the control group
// namespace where that is possible. Once, before anything else, while there is one thread.
Result<Container> enter_host(const std::string& host_root);

// Copies what the driver-manager starts to <data_dir>/programs/<hash>, so that it is there after the container has
// gone, and removes what earlier versions put there: a program that runs does not need its file. Returns the directory.
Result<std::string> bring_programs(const std::string& from, const std::string& data_dir);

}  // namespace drover::driver_manager
