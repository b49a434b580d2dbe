#include "observer.hpp"

#include <poll.h>

#include <charconv>
#include <filesystem>
#include <string_view>

#include "integration/procfs.hpp"

namespace drover::chaos {
namespace {

constexpr int kPauseMs = 80;
constexpr int kLooks = 25;  // after which a process will not become a task any more

// The value of a variable in /proc/PID/environ.
std::string variable(const std::string& environ, const std::string& name) {
    const std::string start = '\0' + name + "=";
    const std::size_t at = ('\0' + environ).find(start);
    if (at == std::string::npos) return "";
    const std::size_t from = at + start.size() - 1;
    return environ.substr(from, environ.find('\0', from) - from);
}

bool first_argument_is(const std::string& cmdline, std::string_view wanted) {
    const std::size_t end = cmdline.find('\0');
    if (end == std::string::npos) return false;
    const std::string_view rest = std::string_view(cmdline).substr(end + 1);
    return rest.substr(0, rest.find('\0')) == wanted;
}

}  // namespace

Observer::Observer(std::string marker)
    : marker_(std::move(marker)), thread_([this] {
          while (!over_) {
              {
                  const std::lock_guard lock(mutex_);
                  look();
              }
              poll(nullptr, 0, kPauseMs);
          }
      }) {}

Observer::~Observer() {
    over_ = true;
    thread_.join();
}

Living Observer::living() {
    const std::lock_guard lock(mutex_);
    look();
    return living_;
}

std::vector<std::string> Observer::offences() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [task, sentence] : offences_) all.push_back(sentence);
    return all;
}

std::uint64_t Observer::samples() const {
    const std::lock_guard lock(mutex_);
    return samples_;
}

Observer::Known Observer::look_at(pid_t pid, std::uint64_t start) const {
    const auto before = known_.find(pid);
    Known known;
    if (before != known_.end() && before->second.start == start) known = before->second;
    known.start = start;
    if (!known.task.empty() || known.looks > kLooks) return known;
    ++known.looks;
    const std::string folder = "/proc/" + std::to_string(pid);
    if (!first_argument_is(integration::read_proc(folder + "/cmdline"), marker_)) return known;
    const std::string environ = integration::read_proc(folder + "/environ");
    known.task = variable(environ, "NOMAD_ALLOC_ID") + "." + variable(environ, "NOMAD_TASK_NAME");
    return known;
}

void Observer::note(const std::string& task, Process process) {
    const auto [at, alone] = living_.try_emplace(task, process);
    if (alone) return;
    // Both have to live now, not one after the other while /proc was being read.
    const Process other = at->second;
    if (integration::start_time(other.pid) != other.start) {
        at->second = process;
    } else if (integration::start_time(process.pid) == process.start) {
        offences_[task] = "task " + task + " has two live processes: " + std::to_string(other.pid) + " and " +
                          std::to_string(process.pid);
    }
}

void Observer::look() {
    ++samples_;
    living_.clear();
    std::map<pid_t, Known> seen;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || *end != '\0') continue;
        const std::uint64_t start = integration::start_time(pid);
        if (start == 0) continue;
        const Known& known = seen[pid] = look_at(pid, start);
        if (!known.task.empty()) note(known.task, {pid, start});
    }
    known_ = std::move(seen);
}

}  // namespace drover::chaos
