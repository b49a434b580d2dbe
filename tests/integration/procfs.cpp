#include "integration/procfs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <sstream>

#include "base/unique_fd.hpp"
#include "integration/wait.hpp"

namespace drover::integration {
std::string read_proc(const std::string& path) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char buffer[4096];
    // A stream would throw when the process goes while it is read.
    for (ssize_t n = 0; fd.valid() && (n = read(fd.get(), buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    return text;
}

Stat read_stat(pid_t pid) {
    const std::string text = read_proc("/proc/" + std::to_string(pid) + "/stat");
    Stat stat;
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return stat;
    std::istringstream rest(text.substr(name_end + 1));
    rest >> stat.state >> stat.parent;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    std::string word;
    // user and system are the fields 14 and 15, start is 22.
    for (int field = 5; field < 14; ++field) rest >> word;
    rest >> user >> system;
    for (int field = 16; field < 22; ++field) rest >> word;
    rest >> stat.start;
    stat.ticks = user + system;
    return stat;
}

std::uint64_t start_time(pid_t pid) {
    if (pid <= 0) return 0;
    const Stat stat = read_stat(pid);
    return stat.state == 'Z' || stat.state == 'X' ? 0 : stat.start;
}

std::vector<pid_t> processes_with(const std::string& text) {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || *end != '\0' || pid == getpid() || !alive(pid)) continue;
        if (read_proc(entry.path() / "cmdline").find(text) != std::string::npos ||
            read_proc(entry.path() / "environ").find(text) != std::string::npos) {
            found.push_back(pid);
        }
    }
    return found;
}

void end_all_with(const std::string& text) {
    eventually(
        [&] {
            const auto pids = processes_with(text);
            for (const pid_t pid : pids) kill(pid, SIGKILL);
            return pids.empty();
        },
        seconds(10));
}

}  // namespace drover::integration
