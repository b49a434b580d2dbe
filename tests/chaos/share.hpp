// Share: how much of the machine others take while a time is measured. A promise of seconds is one for a machine that
// has them to give.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/time.hpp"

namespace drover::chaos {

class Share {
   public:
    // From now on. `ours` are the processes whose work counts as ours, this one besides.
    explicit Share(const std::vector<pid_t>& ours);

    // What `took` would have been had nobody else worked meanwhile, if all of it was spent on work. `ours` as of now.
    Duration without_others(Duration took, const std::vector<pid_t>& ours) const;

   private:
    std::map<pid_t, std::uint64_t> ours_;  // what each had used
    std::uint64_t busy_;                   // of all, in ticks
    std::uint64_t total_;
};

}  // namespace drover::chaos
