// Tallies: what has been recorded of each task of a job since it was submitted, over all its allocs. Kept with the job
// and changed in the commit that records the events, so that what is counted once is counted for good.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

struct Tally {
    std::uint64_t starts = 0;
    std::uint64_t start_failures = 0;
    std::uint64_t restarts = 0;
    // Ends of processes, by cause.
    std::uint64_t success = 0;
    std::uint64_t failure = 0;  // with a code
    std::uint64_t signal = 0;
    std::uint64_t oom = 0;
    std::uint64_t unseen = 0;   // nobody saw how
    std::uint64_t stopped = 0;  // its alloc was to end

    friend bool operator==(const Tally&, const Tally&) = default;
};

// By group and task.
using Tallies = std::map<std::pair<std::string, std::string>, Tally>;

// As kept under tally_key(): a line for each task. What cannot be read is left out.
std::string tallies_text(const Tallies& tallies);
Tallies read_tallies(std::string_view text);

// The job was submitted: its tasks begin at 0, unless they are counted already; others are not counted any more.
Result<void> open_tallies(Draft& draft, const wire::JobSpec& spec);
// What the event says is counted. `stopping`: its alloc should end.
void count(const wire::TaskEvent& event, bool stopping, Tally& tally);

}  // namespace drover::store
