#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>

#include "os/cgroup.hpp"
#include "os/files.hpp"

namespace drover::os {

namespace {

constexpr int kMaxGroupDepth = 16;
constexpr std::size_t kMaxChildren = 1 << 16;

// `dir` and the groups below it, the deepest first.
void collect(const std::string& dir, int depth, std::vector<std::string>& out) {
    if (depth < kMaxGroupDepth) {
        for (const std::string& name : list_dir(dir, kMaxChildren).value_or(std::vector<std::string>())) {
            // Only groups have this file; all other entries are files of the kernel.
            if (exists(dir + "/" + name + "/cgroup.procs")) collect(dir + "/" + name, depth + 1, out);
        }
    }
    out.push_back(dir);
}

void append_pids(const std::string& dir, std::vector<pid_t>& out) {
    const std::string text = read_file(dir + "/cgroup.procs", 64 << 20).value_or(std::string());
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    pid_t pid = 0;
    while (at < end) {
        const auto [next, error] = std::from_chars(at, end, pid);
        if (error != std::errc()) return;
        // 0 stands for a process of a pid namespace that this one cannot see.
        if (pid > 0) out.push_back(pid);
        at = next + 1;
    }
}

}  // namespace

std::vector<pid_t> cgroup_processes(const std::string& dir) {
    std::vector<std::string> dirs;
    collect(dir, 0, dirs);
    std::vector<pid_t> out;
    for (const std::string& d : dirs) append_pids(d, out);
    return out;
}

bool kill_cgroups(const std::vector<std::string>& dirs) {
    bool empty = true;
    for (const std::string& dir : dirs) {
        if (cgroup_processes(dir).empty()) continue;
        empty = false;
        if (write_control(dir + "/cgroup.kill", "1")) continue;
        // Frozen, so that nothing can fork away between being listed and being killed.
        const bool freezer = write_control(dir + "/freezer.state", "FROZEN").has_value();
        for (const pid_t pid : cgroup_processes(dir)) ::kill(pid, SIGKILL);
        if (freezer) (void)write_control(dir + "/freezer.state", "THAWED");
    }
    return empty;
}

Result<void> remove_cgroups(const std::vector<std::string>& dirs) {
    Result<void> first;
    for (const std::string& dir : dirs) {
        std::vector<std::string> all;
        collect(dir, 0, all);
        for (const std::string& d : all) {
            if (::rmdir(d.c_str()) == 0 || errno == ENOENT || !first) continue;
            first = fail_errno("cannot remove the control group " + d, errno);
        }
    }
    return first;
}

}  // namespace drover::os
