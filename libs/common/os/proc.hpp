// What /proc tells about processes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace drover::os {

struct ProcStat {
    pid_t pid = 0;
    char state = '?';  // 'Z': ended, not yet reaped
    pid_t parent = 0;
    pid_t session = 0;
    std::uint32_t threads = 0;
    std::uint64_t start_time = 0;  // clock ticks since boot; with the pid and the boot it names one process for ever
    Duration cpu_time;             // of all its threads
    Duration reaped_cpu_time;      // of the children that it has waited for, and theirs
    std::uint64_t resident = 0;    // bytes in memory
    std::uint64_t read_bytes = 0;  // from disks, and to them; 0 where nobody asked or may see
    std::uint64_t written_bytes = 0;
    bool rested = false;  // it has not run since it was asked for before; false where nobody knows
};

// From the text of /proc/PID/stat; false when it does not look like one.
bool parse_stat(std::string_view text, ProcStat& out);

// not_found when there is no such process.
Result<ProcStat> read_proc(pid_t pid);

// Every process, in no order, at most 4 million.
std::vector<ProcStat> all_procs();

// `root` and what descends from it, parents first, in one look: processes may come and go meanwhile.
std::vector<ProcStat> descendants(pid_t root);

// Names this boot of the machine: the first 16 digits of the kernel's boot_id; 0 when it does not tell.
std::uint64_t boot_number();

}  // namespace drover::os
