// Watching a job until it is what was wanted, printing its events as they happen.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/event_feed.hpp"

namespace drover::cli {

// What became of it. `code` is the exit code; `why` a sentence when it is not kOk.
struct Verdict {
    int code = kOk;
    std::string why;
};

// How long the tasks of a service must have run before it counts as running: a program that fails at once does so
// sooner.
inline constexpr Duration kSettle = seconds(1);

// Of a job as the API shows it: running (for kSettle) or complete is good, failed or stopped is not, anything else is
// no verdict yet. A version other than `version` replaced what was submitted.
std::optional<Verdict> judge_run(const Json& job, std::uint64_t version, Instant now);
// Stopped is what was wanted.
std::optional<Verdict> judge_stop(const Json& job);
// No job at all is what was wanted.
std::optional<Verdict> judge_purge(const Json& job);

using Judge = std::function<std::optional<Verdict>(const Json& job)>;

struct Watched {
    Verdict verdict;
    Json job;  // as last seen
};

// Until `judge` decides or `limit` has passed. Prints events, and what the job waits for whenever that changes, unless
// the output is for machines.
Result<Watched> watch_job(const Session& session, EventFeed& feed, const std::string& name, const Judge& judge,
                          Duration limit);

// What a person wants to see of a job that failed: the task's last event, its last log lines, the next command to try.
std::string explain_failure(const Session& session, const Json& job);

}  // namespace drover::cli
