// What a restart policy makes of a crash pattern, before anything is deployed.
#pragma once

#include <string>
#include <vector>

#include "policy/restart.hpp"

namespace drover::policy {

struct CrashPattern {
    std::vector<Duration> runs = {seconds(1)};  // how long each run lasts; the last one repeats
    std::int32_t exit_code = 1;
};

struct Attempt {
    Duration starts;  // since the first start
    Duration ran;
    Verdict verdict;  // of its end; with `restarting` the next one starts at starts + ran + verdict.delay
};

// At most `limit` attempts; fewer when the policy gives up or the task is done. The jitter is that of some alloc:
// others differ by up to a quarter of each delay. `pattern.runs` is not empty.
std::vector<Attempt> simulate(const Rules& rules, const CrashPattern& pattern, std::size_t limit);

}  // namespace drover::policy
