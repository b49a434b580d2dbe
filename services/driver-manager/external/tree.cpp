#include "driver-manager/external/tree.hpp"

#include <algorithm>
#include <csignal>

#include "driver-manager/supervisor/post.hpp"
#include "os/proc.hpp"

namespace drover::external {

bool kill_session(pid_t pid, std::uint64_t start) {
    std::vector<os::ProcStat> all = os::all_procs();
    std::erase_if(all, [](const os::ProcStat& p) { return p.state == 'Z'; });
    const auto is_other = [&](const os::ProcStat& p) { return p.pid == pid && p.start_time != start; };
    if (std::any_of(all.begin(), all.end(), is_other)) return false;
    std::vector<os::ProcStat> found;
    for (const os::ProcStat& p : all)
        if (p.pid == pid || (p.session == pid && p.start_time >= start)) found.push_back(p);
    for (std::size_t i = 0; i < found.size(); ++i)
        for (const os::ProcStat& p : all) {
            const auto same = [&](const os::ProcStat& q) { return q.pid == p.pid; };
            if (p.parent == found[i].pid && std::none_of(found.begin(), found.end(), same)) found.push_back(p);
        }
    for (const os::ProcStat& p : found) (void)supervisor::signal_exactly(p.pid, p.start_time, SIGKILL);
    return !found.empty();
}

}  // namespace drover::external
