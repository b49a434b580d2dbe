// The restart policy: what follows when a task's process has ended or could not be started.
#pragma once

#include <optional>
#include <string>

#include "wire/status.hpp"

namespace drover::policy {

// How one incarnation ended.
struct Ending {
    std::optional<wire::ExitRecord> exit;  // of a process that ran; nothing: it could not be started
    bool recoverable = true;               // of a start error: may another try help?
};

struct Verdict {
    enum class Kind {
        killed,          // it was to end for good
        terminated,      // it has done its work
        not_restarting,  // it failed and stays so
        restarting,      // again, after `delay`
    };
    Kind kind = Kind::killed;
    std::string reason;
    Duration delay;
};

inline constexpr std::string_view kWithinPolicy = "Restart within policy";

// What a task lives by: its own restart block or its group's, and whether a good exit is followed by a restart.
struct Rules {
    const wire::RestartPolicy& restart;
    bool on_success;
};
Rules rules_of(wire::JobType type, const wire::GroupSpec& group, const wire::TaskSpec& task);

// Judges the ending of incarnation `status.incarnation` at `at`, counts it in `status` when it counts as an attempt,
// and clears what asked for a restart. Deterministic: the jitter of the delay is a hash of the incarnation's id.
Verdict judge(wire::TaskStatus& status, const Rules& rules, const Ending& ending, Instant at);

// What may be added to a delay at most: a quarter.
inline constexpr std::int64_t kJitterPart = 4;

}  // namespace drover::policy
