// The mount table, as /proc/self/mountinfo writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drover::os {

struct Mount {
    std::string path;        // where it is mounted
    std::string type;        // "cgroup2"
    std::string options;     // of the file system: "rw,memory"
    std::string root = "/";  // what of the file system is seen there
    bool shared = false;     // what is mounted below it is seen in other mount namespaces, too
    std::string source{};    // "/dev/sda1"
};

// Lines that are not understood are left out.
std::vector<Mount> parse_mounts(std::string_view mountinfo);

// The one that `path` is in; nullptr when there is none.
const Mount* mount_of(const std::vector<Mount>& mounts, std::string_view path);

// Of this process; empty when /proc is not mounted.
std::vector<Mount> read_mounts();

}  // namespace drover::os
