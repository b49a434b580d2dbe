#include "driver-manager/launcher/leftovers.hpp"

#include <algorithm>
#include <csignal>

#include "driver-manager/launcher/spec_file.hpp"
#include "os/cgroup.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"

namespace drover::launcher {

namespace {

// Kills the process that `stat` describes, not one that got its pid later. True when it was still there.
bool kill_exactly(const os::ProcStat& stat) {
    const Result<UniqueFd> pidfd = os::open_pidfd(stat.pid);
    if (!pidfd) return false;
    const Result<os::ProcStat> now = os::read_proc(stat.pid);
    if (!now || now->start_time != stat.start_time || now->state == 'Z') return false;
    return os::send_signal(pidfd->get(), SIGKILL).has_value();
}

}  // namespace

Leftovers::Leftovers(const std::string& dir, const ShimStatus& status) {
    const std::string spec = os::read_file(dir + "/" + SHIM_SPEC_FILE, 4 << 20).value_or(std::string());
    cgroups_ = spec_values(spec, "cgroup");
    if (status.boot != os::boot_number()) return;
    task_ = status.task_pid;
    task_start_ = status.task_start;
}

// The main process began a session: its members and its descendants are the task's, as far as they can be told apart
// without control groups.
std::vector<os::ProcStat> Leftovers::find() const {
    std::vector<os::ProcStat> out;
    if (task_ <= 0) return out;
    const std::vector<os::ProcStat> all = os::all_procs();
    const auto is_other = [&](const os::ProcStat& p) { return p.pid == task_ && p.start_time != task_start_; };
    // The pid, and with it perhaps the number of the session, is another's by now.
    if (std::any_of(all.begin(), all.end(), is_other)) return out;
    for (const os::ProcStat& p : all) {
        if (p.pid == task_ || (p.session == task_ && p.start_time >= task_start_)) out.push_back(p);
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        for (const os::ProcStat& p : all) {
            const auto same = [&](const os::ProcStat& q) { return q.pid == p.pid; };
            if (p.parent == out[i].pid && std::none_of(out.begin(), out.end(), same)) out.push_back(p);
        }
    }
    return out;
}

bool Leftovers::strike() {
    bool gone = os::kill_cgroups(cgroups_);
    // Those found earlier lose their parent when it dies and could not be found again.
    if (cgroups_.empty()) {
        for (const os::ProcStat& p : find()) known_.push_back(p);
    }
    std::erase_if(known_, [](const os::ProcStat& p) { return !kill_exactly(p); });
    gone = gone && known_.empty();
    if (gone) (void)os::remove_cgroups(cgroups_);
    return gone;
}

}  // namespace drover::launcher
