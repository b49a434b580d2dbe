#include "policy/simulate.hpp"

#include <algorithm>

namespace drover::policy {

std::vector<Attempt> simulate(const Rules& rules, const CrashPattern& pattern, std::size_t limit) {
    constexpr Instant kBegin{hours(1).ns};
    std::vector<Attempt> attempts;
    wire::TaskStatus status;
    status.window_start = kBegin;
    Instant now = kBegin;
    while (attempts.size() < limit) {
        Attempt attempt;
        attempt.starts = now - kBegin;
        attempt.ran = pattern.runs[std::min(attempts.size(), pattern.runs.size() - 1)];
        status.started_at = now;
        status.incarnation = std::to_string(attempts.size() + 1);
        now = now + attempt.ran;
        wire::ExitRecord exit;
        exit.code = pattern.exit_code;
        attempt.verdict = judge(status, rules, {exit, true}, now);
        now = now + attempt.verdict.delay;
        attempts.push_back(attempt);
        if (attempt.verdict.kind != Verdict::Kind::restarting) break;
    }
    return attempts;
}

}  // namespace drover::policy
