// Ledger: what the run did, so that what the system says can be held against it.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "plan.hpp"

namespace drover::chaos {

// The codes that are recorded of the tasks that the run has ended, by "<alloc>.<task>" and pid.
using Ends = std::map<std::string, std::map<pid_t, int>>;

inline constexpr int kKilled = 137;       // by SIGKILL
inline constexpr int kInterrupted = 130;  // by the SIGINT of a stop
inline constexpr int kUnseen = -1;        // its shim was killed, so nobody saw

struct Ledger {
    std::map<Fault, std::uint64_t> blows;  // that met something
    std::uint64_t service_kills = 0;       // kill -9 of one process
    std::uint64_t task_kills = 0;          // tasks and shims
    std::uint64_t freezes = 0;
    std::uint64_t storms = 0;
    Ends ends;
    std::vector<std::string> accepted;  // short jobs whose submit was answered
    std::vector<Duration> recoveries;   // one for each calm
    std::vector<Duration> handovers;    // the last job of an alloc-runner to move, one for each time it was troubled
    std::vector<std::string> offences;  // sentences: promises that were broken
};

}  // namespace drover::chaos
