// ProcTable: every process of the machine, looked at again and again. Those that are followed stay open, so that a look
// costs a read each; the others, which are mostly the same for long, are read now and then.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/unique_fd.hpp"
#include "os/proc.hpp"

namespace drover::os {

class ProcTable {
   public:
    // What there is now, in no order. What is said of a process that is not followed may be kStale looks old, but for
    // new ones and those whose followed child has ended. Of followed ones I/O is told too; while they do nothing it may
    // be as old.
    const std::vector<ProcStat>& look();

    // From the next look on, these, and no others; at most kMaxOpen of them.
    void follow(const std::unordered_set<pid_t>& pids);

    static constexpr unsigned kStale = 10;
    static constexpr std::size_t kMaxOpen = 16384;

   private:
    struct Entry {
        ProcStat stat;
        UniqueFd stat_fd;
        UniqueFd io_fd;
        bool followed = false;
        unsigned round = 0;  // when it was there
    };

    bool refresh(pid_t pid, Entry& entry);
    void refresh_io(pid_t pid, Entry& entry) const;
    bool due(pid_t pid) const { return (static_cast<unsigned>(pid) + round_) % kStale == 0; }
    void forget_ended();

    std::unordered_map<pid_t, Entry> entries_;
    std::vector<ProcStat> out_;
    unsigned round_ = 0;
    std::size_t open_ = 0;
};

}  // namespace drover::os
