// What /proc says about processes, which is what the tests believe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace drover::integration {

// Of /proc; "" when there is no such file, or no such process any more.
std::string read_proc(const std::string& path);

struct Stat {
    char state = 'X';
    pid_t parent = 0;
    std::uint64_t ticks = 0;  // of processor that it has used
    std::uint64_t start = 0;  // in ticks since the machine started
};

// Of /proc/PID/stat; as above when there is no such process.
Stat read_stat(pid_t pid);

// Names a process beyond the reuse of its pid. Zero: there is no such process, or it is a zombie.
std::uint64_t start_time(pid_t pid);

inline bool alive(pid_t pid) { return start_time(pid) != 0; }

// Living processes whose command line or environment holds `text`, the caller apart.
std::vector<pid_t> processes_with(const std::string& text);

// Kills them until there are none, each by its pid; gives up after some seconds.
void end_all_with(const std::string& text);

}  // namespace drover::integration
