#include "os/memory_group.hpp"

#include <algorithm>
#include <charconv>

#include "os/files.hpp"

namespace drover::os {

namespace {

constexpr std::size_t kMaxGroupText = 64 << 10;

bool lists(std::string_view words, std::string_view wanted) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(','), words.size());
        if (words.substr(0, end) == wanted) return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

}  // namespace

// Lines "<number>:<controllers>:<path>"; the one of version 2 names no controllers.
std::string memory_group(std::string_view cgroup, bool unified) {
    while (!cgroup.empty()) {
        const std::size_t end = std::min(cgroup.find('\n'), cgroup.size());
        const std::string_view line = cgroup.substr(0, end);
        cgroup.remove_prefix(std::min(end + 1, cgroup.size()));
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        if (unified ? controllers.empty() : lists(controllers, "memory")) {
            const std::string_view path = line.substr(second + 1);
            return path == "/" || path.find("/..") != std::string_view::npos ? "" : std::string(path);
        }
    }
    return "";
}

bool is_of_one_task(std::string_view group) {
    return group.find("/drover/") != std::string_view::npos || group.find("docker") != std::string_view::npos;
}

std::string memory_stat_file(pid_t pid, const std::vector<Mount>& mounts) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/cgroup", kMaxGroupText);
    const auto ours = read_file("/proc/self/cgroup", kMaxGroupText);
    if (!text || !ours) return "";
    for (const Mount& mount : mounts) {
        const bool unified = mount.type == "cgroup2";
        if (!unified && (mount.type != "cgroup" || !lists(mount.options, "memory"))) continue;
        const std::string group = memory_group(*text, unified);
        if (!is_of_one_task(group) || group == memory_group(*ours, unified)) continue;
        const std::string file = mount.path + group + "/memory.stat";
        if (exists(file)) return file;
    }
    return "";
}

std::uint64_t cached_bytes(std::string_view memory_stat) {
    // Of groups below too in version 1, where the plain name means the group alone; version 2 says "file" for both.
    for (const std::string_view name : {"\ntotal_cache ", "\ncache ", "\nfile "}) {
        const std::string text = "\n" + std::string(memory_stat);
        const std::size_t at = text.find(name);
        std::uint64_t value = 0;
        if (at == std::string::npos) continue;
        std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
        return value;
    }
    return 0;
}

}  // namespace drover::os
