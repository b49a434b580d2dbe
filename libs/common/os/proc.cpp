#include "os/proc.hpp"

#include <unistd.h>

#include <charconv>
#include <map>
#include <string>
#include <string_view>

#include "os/files.hpp"

namespace drover::os {

namespace {

// Fields of /proc/<pid>/stat counted from the one after the command, whose name may hold anything, even ") ".
constexpr int kState = 0, kParent = 1, kSession = 3, kUser = 11, kSystem = 12, kReapedUser = 13, kReapedSystem = 14,
              kThreads = 17, kStartTime = 19, kResident = 21;

template <class T>
bool to_number(std::string_view text, T& out) {
    const auto end = text.data() + text.size();
    return std::from_chars(text.data(), end, out).ptr == end && !text.empty();
}

Duration tick() {
    static const Duration one{seconds(1).ns / ::sysconf(_SC_CLK_TCK)};
    return one;
}

std::uint64_t page_size() {
    static const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

}  // namespace

bool parse_stat(std::string_view text, ProcStat& out) {
    out.cpu_time = out.reaped_cpu_time = {};
    const std::size_t close = text.rfind(')');
    if (close == std::string_view::npos || close + 2 > text.size()) return false;
    text.remove_prefix(close + 2);
    std::int64_t ticks = 0;
    for (int field = 0; field <= kResident; ++field) {
        const std::size_t space = text.find(' ');
        if (space == std::string_view::npos) return false;
        const std::string_view word = text.substr(0, space);
        text.remove_prefix(space + 1);
        if (field == kState && word.size() == 1) out.state = word[0];
        if (field == kParent && !to_number(word, out.parent)) return false;
        if (field == kSession && !to_number(word, out.session)) return false;
        if (field == kThreads && !to_number(word, out.threads)) return false;
        if (field == kStartTime && !to_number(word, out.start_time)) return false;
        if (field >= kUser && field <= kReapedSystem) {
            if (!to_number(word, ticks)) return false;
            (field <= kSystem ? out.cpu_time : out.reaped_cpu_time).ns += ticks * tick().ns;
        }
        if (field == kResident) {
            if (!to_number(word, out.resident)) return false;
            out.resident *= page_size();
        }
    }
    return true;
}

Result<ProcStat> read_proc(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const Result<std::string> text = read_file(path, 8192);
    // A process that ends between open and read gives ESRCH.
    if (!text) return fail(ErrorKind::not_found, "there is no process " + std::to_string(pid));
    ProcStat out;
    out.pid = pid;
    if (!parse_stat(*text, out)) return fail(ErrorKind::corrupt, path + " does not look like the stat of a process");
    return out;
}

std::vector<ProcStat> all_procs() {
    std::vector<ProcStat> out;
    const Result<std::vector<std::string>> names = list_dir("/proc", 1 << 22);
    if (!names) return out;
    for (const std::string& name : *names) {
        pid_t pid = 0;
        if (!to_number(std::string_view(name), pid)) continue;
        if (const Result<ProcStat> stat = read_proc(pid)) out.push_back(*stat);
    }
    return out;
}

std::vector<ProcStat> descendants(pid_t root) {
    std::multimap<pid_t, ProcStat> children;
    std::vector<ProcStat> out;
    for (const ProcStat& stat : all_procs()) {
        if (stat.pid == root) out.push_back(stat);
        children.emplace(stat.parent, stat);
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto [from, to] = children.equal_range(out[i].pid);
        for (auto it = from; it != to; ++it) out.push_back(it->second);
    }
    return out;
}

std::uint64_t boot_number() {
    std::string digits = read_file("/proc/sys/kernel/random/boot_id", 64).value_or(std::string());
    std::erase(digits, '-');
    std::uint64_t out = 0;
    if (digits.size() < 16) return 0;
    std::from_chars(digits.data(), digits.data() + 16, out, 16);
    return out;
}

}  // namespace drover::os
