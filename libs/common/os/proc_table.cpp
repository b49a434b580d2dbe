#include "os/proc_table.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "os/pidfd.hpp"

namespace drover::os {

namespace {

constexpr std::size_t kMaxProcesses = 1 << 22;
constexpr std::size_t kTries = 64;  // of numbers that are no processes, which still cost less than a list

std::vector<pid_t> list_pids() {
    std::vector<pid_t> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc"), ::closedir);
    while (dir && out.size() < kMaxProcesses) {
        const dirent* entry = ::readdir(dir.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        pid_t pid = 0;
        const char* const end = name.data() + name.size();
        if (std::from_chars(name.data(), end, pid).ptr == end && pid > 0) out.push_back(pid);
    }
    return out;
}

UniqueFd open_proc(pid_t pid, const char* file) {
    return UniqueFd(::open(("/proc/" + std::to_string(pid) + file).c_str(), O_RDONLY | O_CLOEXEC));
}

// Into `text`, which has room for any such file; empty when the process is gone.
std::string_view read_again(const UniqueFd& fd, char (&text)[4096]) {
    const ssize_t n = fd.valid() ? ::pread(fd.get(), text, sizeof text, 0) : -1;
    return n > 0 ? std::string_view(text, static_cast<std::size_t>(n)) : std::string_view();
}

// From "0.1 0.2 0.3 1/234 5678": the last word; 0 when it is none.
pid_t last_given(const UniqueFd& load) {
    char text[4096];
    std::string_view line = read_again(load, text);
    if (line.ends_with('\n')) line.remove_suffix(1);
    line.remove_prefix(line.rfind(' ') + 1);
    pid_t given = 0;
    const bool whole = std::from_chars(line.data(), line.data() + line.size(), given).ec == std::errc();
    return whole ? given : 0;
}

// Of a process with one thread, the same twice: it has not run in between. It costs a quarter of the whole stat.
ProcTable::Runs runs_of(const UniqueFd& schedstat) {
    char text[4096];
    ProcTable::Runs runs;
    std::string_view line = read_again(schedstat, text);
    const char* const end = line.data() + line.size();
    const auto time = std::from_chars(line.data(), end, runs.time);
    const std::size_t last = line.rfind(' ');
    if (line.empty() || time.ec != std::errc() || last == std::string_view::npos) return {};
    std::from_chars(line.data() + last + 1, end, runs.count);
    return runs;
}

std::uint64_t number_after(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    std::uint64_t value = 0;
    if (at != std::string_view::npos) std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
    return value;
}

}  // namespace

// Fills in what is new. True when all processes were listed: then what was not is gone.
bool ProcTable::find_new() {
    if (!load_.valid()) load_ = UniqueFd(::open("/proc/loadavg", O_RDONLY | O_CLOEXEC));
    const pid_t given = last_given(load_);
    // Numbers are given in turn, but whoever has just got one may not be to be seen yet, so each is tried in two looks.
    const pid_t from = given_before_;
    const bool in_turn = from > 0 && given >= given_ && given_ >= from &&
                         static_cast<std::size_t>(given - from) <= entries_.size() + kTries;
    const bool all = !in_turn || round_ % kStale == 0;
    given_before_ = std::exchange(given_, given);
    std::vector<pid_t> pids;
    if (all) pids = list_pids();
    for (pid_t pid = from + 1; !all && pid <= given; ++pid)
        if (!entries_.contains(pid) && open_pidfd(pid))
            pids.push_back(pid);  // threads have numbers, too, but none of these
    for (const pid_t pid : pids) {
        const auto [it, is_new] = entries_.try_emplace(pid);
        // What cannot be read has ended since.
        if (!is_new || refresh(pid, it->second)) it->second.there = round_;
    }
    return all;
}

const std::vector<ProcStat>& ProcTable::look(const std::unordered_set<pid_t>& fresh) {
    ++round_;
    const bool all = find_new();
    for (auto& [pid, entry] : entries_) {
        if (entry.read == round_ || (all && entry.there != round_)) continue;
        const bool asked = entry.followed && fresh.contains(pid);
        const bool rested = asked && has_rested(entry);
        const bool same = !due(pid) && (!asked || rested);
        entry.there = same || refresh(pid, entry) ? round_ : 0;
        entry.stat.rested = rested;
    }
    forget_ended();
    out_.clear();
    for (const auto& item : entries_) out_.push_back(item.second.stat);
    return out_;
}

// What they have used is with their parents now, and their children have other parents.
void ProcTable::forget_ended() {
    std::vector<pid_t> parents;
    std::unordered_set<pid_t> ended;
    for (auto it = entries_.begin(); it != entries_.end();) {
        if (it->second.there == round_) {
            ++it;
            continue;
        }
        if (it->second.followed) {
            parents.push_back(it->second.stat.parent);
            --open_;
        }
        ended.insert(it->first);
        it = entries_.erase(it);
    }
    for (const pid_t pid : parents) {
        const auto it = entries_.find(pid);
        if (it != entries_.end()) (void)refresh(pid, it->second);
    }
    if (ended.empty()) return;
    for (auto& [pid, entry] : entries_)
        if (ended.contains(entry.stat.parent)) (void)refresh(pid, entry);
}

bool ProcTable::has_rested(Entry& entry) const {
    if (!entry.runs_fd.valid() || entry.stat.threads != 1) return false;
    // Before the stat is read, so that what runs meanwhile is seen at the next look.
    const Runs now = runs_of(entry.runs_fd);
    return now.count != 0 && now == std::exchange(entry.runs, now);
}

bool ProcTable::refresh(pid_t pid, Entry& entry) {
    char text[4096];
    entry.read = round_;
    ProcStat now = entry.stat;
    now.pid = pid;
    const UniqueFd once = entry.stat_fd.valid() ? UniqueFd() : open_proc(pid, "/stat");
    if (!parse_stat(read_again(entry.stat_fd.valid() ? entry.stat_fd : once, text), now)) return false;
    const bool same = now.start_time == entry.stat.start_time;
    if (!same) now.read_bytes = now.written_bytes = 0;
    const bool idle = same && now.cpu_time == entry.stat.cpu_time;
    entry.stat = now;
    if (entry.followed && (!idle || due(pid))) refresh_io(pid, entry);
    return true;
}

void ProcTable::refresh_io(pid_t, Entry& entry) const {
    char text[4096];
    const std::string_view io = read_again(entry.io_fd, text);
    if (io.empty()) return;
    entry.stat.read_bytes = number_after(io, "\nread_bytes: ");
    entry.stat.written_bytes = number_after(io, "\nwrite_bytes: ");
}

void ProcTable::follow(const std::unordered_set<pid_t>& pids) {
    for (auto& [pid, entry] : entries_) {
        const bool wanted = pids.contains(pid);
        if (wanted == entry.followed) continue;
        if (!wanted) {
            entry.followed = false;
            entry.stat_fd = UniqueFd();
            entry.io_fd = UniqueFd();
            entry.runs_fd = UniqueFd();
            --open_;
            continue;
        }
        if (open_ >= kMaxOpen) continue;
        entry.stat_fd = open_proc(pid, "/stat");
        entry.io_fd = open_proc(pid, "/io");
        entry.runs_fd = open_proc(pid, "/schedstat");
        // Without more descriptors it stays one that is read now and then.
        entry.followed = entry.stat_fd.valid();
        if (!entry.followed) continue;
        ++open_;
        refresh_io(pid, entry);
    }
}

}  // namespace drover::os
