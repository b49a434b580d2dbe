#include "integration/procfs.hpp"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "integration/wait.hpp"

namespace drover::integration {
namespace {

std::string slurp_proc(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::uint64_t start_time(pid_t pid) {
    if (pid <= 0) return 0;
    const std::string stat = slurp_proc("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream rest(stat.substr(name_end + 1));
    std::string word;
    std::uint64_t started = 0;
    // Fields 3 (state) to 21 stand before field 22.
    for (int field = 3; field < 22 && rest >> word; ++field) {
        if (field == 3 && (word == "Z" || word == "X")) return 0;
    }
    rest >> started;
    return started;
}

std::vector<pid_t> processes_with(const std::string& text) {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || *end != '\0' || pid == getpid() || !alive(pid)) continue;
        if (slurp_proc(entry.path() / "cmdline").find(text) != std::string::npos ||
            slurp_proc(entry.path() / "environ").find(text) != std::string::npos) {
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
