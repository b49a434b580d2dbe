// Requests of gateways: each change is applied once, however often it is heard.
#pragma once

#include "base/time.hpp"
#include "state-store/core/collect.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// Applies a request that changes something, or finds the answer it was given before. `uid` is random, for a job.
// Fails only when what is recorded cannot be read.
Result<wire::Answer> answer_change(Draft& draft, const wire::Request& request, const std::string& uid, Instant now);

// Removes now what is due, at most as much as one round may, or finds the answer it was given before. The answer lists
// what went without its tasks; `index` counts all that was due. See collect.hpp for what else the draft may hold.
Result<wire::Answer> answer_collect(Draft& draft, const wire::Request& request, const Census& census,
                                    const CollectRules& rules, Instant now);
// The same as it would be now, without removing anything.
wire::Answer preview_collect(const View& view, const wire::Request& request, const Census& census,
                             const CollectRules& rules, Instant now);

// The answer that was given to the request before.
Result<std::optional<wire::Answer>> earlier_answer(const View& view, const wire::Request& request);

wire::Answer refusal(const std::string& request, const Error& error);

struct DoneLimits {
    std::uint64_t max_count = 10'000;
    Duration max_age = minutes(10);
};

// Keys of the oldest remembered answers that are over the limits, at most `limit` of them.
Result<std::vector<std::string>> expired_answers(const Log& log, const DoneLimits& limits, Instant now,
                                                 std::size_t limit);

}  // namespace drover::store
