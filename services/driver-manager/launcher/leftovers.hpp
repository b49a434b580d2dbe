// What a shim that was killed has left behind: the task's processes, now children of init.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "os/proc.hpp"
#include "shim/protocol.h"

namespace drover::launcher {

class Leftovers {
   public:
    // `dir` is the incarnation's directory, whose spec names the control groups. Nothing is left of another boot.
    Leftovers(const std::string& dir, const ShimStatus& status);

    // One blow at everything; true when nothing was left and the groups are removed. Does not wait: strike again after
    // a pause.
    bool strike();

   private:
    std::vector<os::ProcStat> find() const;

    std::vector<std::string> cgroups_;
    pid_t task_ = 0;
    std::uint64_t task_start_ = 0;
    std::vector<os::ProcStat> known_;
};

}  // namespace drover::launcher
