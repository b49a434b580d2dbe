// ProcTable: every process of the machine, looked at again and again. Those that are followed stay open, so that a look
// costs a read each; the others, which are mostly the same for long, are read now and then. New ones are looked for
// among the numbers given since the look before, so that what stays as it is costs nothing.
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
    // What there is now, in no order. Read anew are those of `fresh` that are followed and have run, new ones, and
    // those whose followed child or whose parent has ended; what is said of any other may be kStale looks old, that it
    // has not ended included. Of followed ones I/O is told too; while they do nothing it, and their memory, may be as
    // old.
    const std::vector<ProcStat>& look(const std::unordered_set<pid_t>& fresh);

    // From the next look on, these, and no others; at most kMaxOpen of them.
    void follow(const std::unordered_set<pid_t>& pids);

    static constexpr unsigned kStale = 10;
    static constexpr std::size_t kMaxOpen = 16384;

    // How long a thread has run, and how often it was given a processor; no count: not known.
    struct Runs {
        std::uint64_t time = 0;  // nanoseconds
        std::uint64_t count = 0;
        bool operator==(const Runs&) const = default;
    };

   private:
    struct Entry {
        ProcStat stat;
        UniqueFd stat_fd;
        UniqueFd io_fd;
        UniqueFd runs_fd;  // not valid where the kernel does not tell
        Runs runs;
        bool followed = false;
        unsigned there = 0;  // the round in which it was there last
        unsigned read = 0;   // and was read
    };

    bool find_new();
    bool refresh(pid_t pid, Entry& entry);
    bool has_rested(Entry& entry) const;
    void refresh_io(pid_t pid, Entry& entry) const;
    bool due(pid_t pid) const { return (static_cast<unsigned>(pid) + round_) % kStale == 0; }
    void forget_ended();

    std::unordered_map<pid_t, Entry> entries_;
    std::vector<ProcStat> out_;
    UniqueFd load_;            // where the kernel says which number it gave last
    pid_t given_ = 0;          // that, at the last look
    pid_t given_before_ = -1;  // and at the one before
    unsigned round_ = 0;
    std::size_t open_ = 0;
};

}  // namespace drover::os
