// Memory: what has to be remembered of a task's templates when the driver-manager is restarted.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/job.hpp"

namespace drover::templates {

// The last good render of one template.
struct Kept {
    std::uint64_t hash = 0;  // of its text
    Instant stale_since;     // set while it cannot be rendered anew

    friend bool operator==(const Kept&, const Kept&) = default;
};

// A template that rendered differently, and has not acted yet.
struct Change {
    std::uint64_t number = 0;
    wire::ChangeMode mode = wire::ChangeMode::noop;
    std::string signal;
    Instant due_at;
    std::string destination;

    friend bool operator==(const Change&, const Change&) = default;
};

struct Memory {
    std::uint64_t number = 0;             // of the latest change; never falls
    std::map<std::string, Kept> renders;  // by destination
    std::vector<Change> pending;          // by number; of a destination only the latest
    std::uint64_t failures = 0;           // of signals and scripts of changes; never falls
    std::string error;                    // of the latest of them, one line

    friend bool operator==(const Memory&, const Memory&) = default;
};

// Lines of text, for a file. Destinations hold no control characters.
std::string to_text(const Memory& memory);
// corrupt: not what to_text wrote.
Result<Memory> parse_memory(std::string_view text);

}  // namespace drover::templates
