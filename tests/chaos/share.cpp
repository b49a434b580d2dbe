#include "share.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "integration/procfs.hpp"

namespace drover::chaos {
namespace {

struct Machine {
    std::uint64_t busy = 0;
    std::uint64_t total = 0;
};

Machine look_at_machine() {
    std::ifstream in("/proc/stat");
    std::string word;
    in >> word;
    Machine machine;
    std::uint64_t ticks = 0;
    // user nice system idle iowait irq softirq steal
    for (int field = 0; field < 8 && in >> ticks; ++field) {
        machine.total += ticks;
        if (field != 3 && field != 4) machine.busy += ticks;
    }
    return machine;
}

}  // namespace

Share::Share(const std::vector<pid_t>& ours) {
    for (const pid_t pid : ours) ours_[pid] = integration::read_stat(pid).ticks;
    ours_[getpid()] = integration::read_stat(getpid()).ticks;
    const Machine machine = look_at_machine();
    busy_ = machine.busy;
    total_ = machine.total;
}

Duration Share::without_others(Duration took, const std::vector<pid_t>& ours) const {
    const auto used_since = [this](pid_t pid) {
        const auto before = ours_.find(pid);
        const std::uint64_t now = integration::read_stat(pid).ticks;
        return before == ours_.end() || before->second > now ? now : now - before->second;
    };
    std::uint64_t used = used_since(getpid());
    for (const pid_t pid : ours) used += used_since(pid);
    const Machine machine = look_at_machine();
    const std::uint64_t total = machine.total - total_;
    const std::uint64_t busy = machine.busy - busy_;
    if (total == 0 || busy <= used) return took;
    const std::uint64_t others = std::min(busy - used, total);
    return nanoseconds(static_cast<std::int64_t>(static_cast<double>(took.ns) * static_cast<double>(total - others) /
                                                 static_cast<double>(total)));
}

}  // namespace drover::chaos
