#include "cli/watch.hpp"

#include <algorithm>

namespace drover::cli {
namespace {

constexpr Duration kPoll = milliseconds(500);
constexpr int kLogLines = 10;

std::string log_tail(const Session& session, const std::string& alloc, const std::string& task, const char* stream) {
    std::string text;
    const auto path = with_query("/v1/allocs/" + alloc + "/logs",
                                 {{"task", task}, {"stream", stream}, {"tail", std::to_string(kLogLines)}});
    auto read = session.client().stream(path, [&](std::string_view bytes) {
        text += bytes;
        return text.size() < 64 * 1024;
    });
    if (!read || text.empty()) return "";
    std::string out = "Last lines of " + std::string(stream) + " of task \"" + task + "\":\n";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        out += "  " + printable(std::string_view(text).substr(at, end - at)) + "\n";
        at = end + 1;
    }
    return out;
}

// The event that says most about the end: the newest that is not only a consequence.
std::string last_word(const Json& events) {
    std::string fallback;
    for (auto it = events.rbegin(); it != events.rend(); ++it) {
        const std::string type = it->value("type", ""), message = it->value("message", "");
        if (type == "Driver Failure" || type == "Terminated" || type == "Setup Failure" ||
            type == "Failed Validation") {
            return type + ": " + message + (fallback.empty() ? "" : " (" + fallback + ")");
        }
        if (fallback.empty() && type == "Not Restarting") fallback = message;
    }
    return fallback;
}

bool has_settled(const Json& job, Instant now) {
    for (const Json& alloc : job.value("allocs", Json::array())) {
        if (!alloc.value("current", true)) continue;
        for (const Json& task : alloc.value("tasks", Json::array())) {
            const bool running = task.value("state", "") == "running";
            if (running && now - Instant{task.value("started_at", 0LL)} < kSettle) return false;
        }
    }
    return true;
}

}  // namespace

std::optional<Verdict> judge_run(const Json& job, std::uint64_t version, Instant now) {
    const std::string status = job.value("status", "");
    const std::uint64_t seen = job.value("version", 0ULL);
    if (seen < version) return std::nullopt;
    if (seen > version) return Verdict{kFailed, "another submit replaced version " + std::to_string(version)};
    if (status == "running" && job.value("type", "") == "service" && has_settled(job, now)) return Verdict{};
    if (status == "complete") return Verdict{};
    if (status == "failed") return Verdict{kFailed, job.value("why", "")};
    if (status == "stopped" || status == "stopping") return Verdict{kFailed, "it was stopped"};
    return std::nullopt;
}

std::optional<Verdict> judge_stop(const Json& job) {
    if (job.value("status", "") == "stopped") return Verdict{};
    if (!job.value("stopped", false)) return Verdict{kFailed, "it was submitted again"};
    return std::nullopt;
}

std::optional<Verdict> judge_purge(const Json& job) {
    if (!job.value("stopped", false)) return Verdict{kFailed, "it was submitted again"};
    return std::nullopt;
}

Result<Watched> watch_job(const Session& session, EventFeed& feed, const std::string& name, const Judge& judge,
                          Duration limit) {
    const auto print = [&](const Json& event) {
        if (!session.json) session.out(event_line(session, event, false));
    };
    const Instant end = session.now() + limit;
    std::string waits, told;
    while (true) {
        auto job = session.client().get("/v1/jobs/" + encode_segment(name));
        if (!job) return tl::unexpected(job.error());
        const auto verdict = judge(*job);
        const bool late = session.now() >= end;
        // Once decided, what led to it may still be on its way: one last look.
        auto read = feed.read(verdict || late ? Duration{} : kPoll, print);
        if (!read) return tl::unexpected(read.error());
        if (verdict) return Watched{*verdict, std::move(*job)};
        const std::string why = job->value("why", "");
        if (late) {
            return Watched{{kFailed, "it is still " + job->value("status", "") + " after " + to_string(limit) +
                                         (why.empty() ? "" : ": " + why)},
                           std::move(*job)};
        }
        // Said only of what lasts: most reasons to wait are gone in a moment.
        if (why == waits && why != told && !why.empty() && !session.json) {
            session.out(session.paint("waiting: " + printable(why), Tone::busy) + "\n");
            told = why;
        }
        waits = why;
    }
}

std::string explain_failure(const Session& session, const Json& job) {
    for (const Json& alloc : job.value("allocs", Json::array())) {
        if (alloc.value("status", "") != "failed") continue;
        const std::string id = alloc.value("id", "");
        std::string text;
        auto full = session.client().get("/v1/allocs/" + id);
        if (full) {
            for (const Json& task : (*full)["tasks"]) {
                if (!task.value("failed", false)) continue;
                const std::string name = task.value("name", "");
                text += "Task \"" + name + "\": " + printable(last_word(task["events"])) + "\n";
                text += log_tail(session, id, name, "stdout") + log_tail(session, id, name, "stderr");
            }
        }
        const std::string name = job.value("name", "");
        return text + "Next: drover alloc status " + short_id(id) + "\nTo start it anew: drover job stop " + name +
               ", then drover job run\n";
    }
    return "Next: drover job status " + job.value("name", "") + "\n";
}

}  // namespace drover::cli
