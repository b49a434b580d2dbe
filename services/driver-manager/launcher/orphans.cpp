#include "driver-manager/launcher/orphans.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <optional>

#include "driver-manager/launcher/record.hpp"
#include "os/files.hpp"
#include "os/proc.hpp"

namespace drover::launcher {

namespace {

constexpr std::size_t kMaxCommand = 1 << 13;  // of a shim: its name and a path
constexpr std::size_t kMaxFiles = 1 << 10;

// The directory that the process serves when it is a shim; else empty.
std::string served_by(pid_t pid) {
    const std::string words =
        os::read_file("/proc/" + std::to_string(pid) + "/cmdline", kMaxCommand).value_or(std::string());
    const std::string name("drover-shim\0", 12);
    if (!words.starts_with(name) || words.back() != '\0') return {};
    const std::string dir = words.substr(name.size(), words.size() - name.size() - 1);
    return dir.find('\0') == std::string::npos ? dir : std::string();
}

// The key of <state_dir>/<alloc>/<task>/<seq>.
std::optional<RunKey> key_of(const std::string& dir, const std::string& state_dir) {
    if (!dir.starts_with(state_dir + "/")) return std::nullopt;
    const std::string path = dir.substr(state_dir.size() + 1);
    const std::size_t first = path.find('/');
    const std::size_t last = path.rfind('/');
    if (first == std::string::npos || first == last) return std::nullopt;
    RunKey key{path.substr(0, first), path.substr(first + 1, last - first - 1), 0};
    const bool good =
        os::is_plain_name(key.alloc) && os::is_plain_name(key.task) && parse_seq(path.substr(last + 1), key.seq);
    return good ? std::optional(key) : std::nullopt;
}

// A shim keeps its record open, which has no name any more.
ShimStatus record_of(pid_t pid, const std::string& dir) {
    const std::string fds = "/proc/" + std::to_string(pid) + "/fd";
    for (const std::string& fd : os::list_dir(fds, kMaxFiles).value_or(std::vector<std::string>())) {
        const std::string path = fds + "/" + fd;
        std::array<char, PATH_MAX> target{};
        const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
        if (n <= 0 || !std::string(target.data(), static_cast<std::size_t>(n)).starts_with(dir + "/" SHIM_STATUS_FILE))
            continue;
        const std::string bytes = os::read_file(path, kMaxCommand).value_or(std::string());
        ShimStatus status{};
        if (shim_status_pick(bytes.data(), bytes.size(), &status) != 0) return status;
    }
    return {};
}

}  // namespace

bool parse_seq(const std::string& name, std::uint64_t& seq) {
    const char* const end = name.data() + name.size();
    return std::from_chars(name.data(), end, seq).ptr == end && std::to_string(seq) == name;
}

std::vector<Orphan> find_orphans(const std::string& state_dir) {
    std::vector<Orphan> out;
    for (const os::ProcStat& process : os::all_procs()) {
        const std::string dir = served_by(process.pid);
        const auto key = key_of(dir, state_dir);
        if (!key || os::exists(dir)) continue;
        const ShimStatus status = record_of(process.pid, dir);
        UniqueFd shim = open_shim(status);
        if (shim.valid()) out.push_back({*key, status, std::move(shim)});
    }
    return out;
}

}  // namespace drover::launcher
