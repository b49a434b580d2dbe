#include "state-store/core/requests.hpp"

#include <charconv>

#include "state-store/core/audit.hpp"
#include "state-store/core/expiry.hpp"
#include "state-store/core/jobs.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/nodes.hpp"
#include "state-store/core/orders.hpp"
#include "state-store/core/variables.hpp"

namespace drover::store {

namespace {

// A remembered answer is "<unix nanoseconds> <Answer>".
std::string remember(const wire::Answer& answer, Instant now) {
    return std::to_string(now.ns) + " " + wire::encode(answer);
}

Instant remembered_at(std::string_view value) {
    Instant at;
    std::from_chars(value.data(), value.data() + value.size(), at.ns);
    return at;
}

Result<std::uint64_t> apply(Draft& draft, const wire::Request& request, const std::string& uid, Instant now) {
    const auto unnumbered = [](Result<void> done) -> Result<std::uint64_t> {
        if (!done) return tl::unexpected(done.error());
        return 0;
    };
    switch (request.ask) {
        case wire::Ask::job_submit:
            if (!request.spec) return fail(ErrorKind::invalid, "the request to run a job has no job in it");
            return submit_job(draft, *request.spec, uid, now);
        case wire::Ask::job_stop: return stop_job(draft, request.job, request.purge, request.no_shutdown_delay);
        case wire::Ask::alloc_stop: return unnumbered(stop_alloc(draft, request.alloc, request.no_shutdown_delay));
        case wire::Ask::alloc_restart:
            return unnumbered(
                restart_alloc(draft, request.alloc, request.task, request.all, request.no_shutdown_delay));
        case wire::Ask::alloc_signal:
            return unnumbered(signal_alloc(draft, request.alloc, request.task, request.signal));
        case wire::Ask::node_order:
            if (!request.order) return fail(ErrorKind::invalid, "the request about a node does not say what to do");
            return unnumbered(order_node(draft, *request.order, request.deadline, now));
        case wire::Ask::variable_put:
            if (!request.variable) return fail(ErrorKind::invalid, "the request to put a variable has none in it");
            return put_variable(draft, *request.variable, now);
        case wire::Ask::variable_remove: return unnumbered(remove_variable(draft, request.path));
        case wire::Ask::collect:
        case wire::Ask::store_backup:
        case wire::Ask::store_check:
        case wire::Ask::events:
        case wire::Ask::audit: break;
    }
    return fail(ErrorKind::invalid, "the request asks for no change");
}

// The answer is remembered, and the request is in the audit.
Result<void> conclude(Draft& draft, const wire::Request& request, const wire::Answer& answer, Instant now) {
    draft.put(done_key(request.id), remember(answer, now));
    auto record = audited(request, answer);
    if (!record) return {};
    record->time = now;
    return append_audit(draft, std::move(*record));
}

wire::Answer list_collected(const wire::Request& request, std::vector<wire::CollectedAlloc> gone, std::size_t all) {
    wire::Answer answer;
    answer.id = request.id;
    answer.ok = true;
    answer.index = all;
    answer.more = gone.size() < all;
    for (wire::CollectedAlloc& one : gone) one.tasks.clear();
    answer.collected = std::move(gone);
    return answer;
}

}  // namespace

Result<std::optional<wire::Answer>> earlier_answer(const View& view, const wire::Request& request) {
    const auto done = view.get(done_key(request.id));
    if (!done) return tl::unexpected(done.error());
    if (!*done) return std::nullopt;
    auto answer = wire::decode<wire::Answer>(std::string_view(**done).substr((*done)->find(' ') + 1));
    if (!answer) return tl::unexpected(answer.error());
    return std::move(*answer);
}

wire::Answer refusal(const std::string& request, const Error& error) {
    wire::Answer answer;
    answer.id = request;
    answer.error_kind = to_string(error.kind);
    answer.message = error.message;
    return answer;
}

Result<wire::Answer> answer_change(Draft& draft, const wire::Request& request, const std::string& uid, Instant now) {
    auto earlier = earlier_answer(draft, request);
    if (!earlier) return tl::unexpected(earlier.error());
    if (*earlier) return std::move(**earlier);
    const auto index = apply(draft, request, uid, now);
    if (!index && index.error().kind == ErrorKind::corrupt) return tl::unexpected(index.error());
    wire::Answer answer = index ? wire::Answer{} : refusal(request.id, index.error());
    answer.id = request.id;
    answer.ok = index.has_value();
    answer.index = index.value_or(0);
    if (auto ok = conclude(draft, request, answer, now); !ok) return tl::unexpected(ok.error());
    return answer;
}

Result<wire::Answer> answer_collect(Draft& draft, const wire::Request& request, const Census& census,
                                    const CollectRules& rules, Instant now) {
    auto earlier = earlier_answer(draft, request);
    if (!earlier) return tl::unexpected(earlier.error());
    if (*earlier) return std::move(**earlier);
    const std::vector<Removal> removals = due(census, rules, now);
    wire::Answer answer = list_collected(request, collect(draft, removals, rules.at_once, now), removals.size());
    if (auto ok = conclude(draft, request, answer, now); !ok) return tl::unexpected(ok.error());
    return answer;
}

wire::Answer preview_collect(const View& view, const wire::Request& request, const Census& census,
                             const CollectRules& rules, Instant now) {
    const std::vector<Removal> removals = due(census, rules, now);
    Draft scratch(view);
    return list_collected(request, collect(scratch, removals, rules.at_once, now), removals.size());
}

Result<std::vector<std::string>> expired_answers(const Log& log, const DoneLimits& limits, Instant now,
                                                 std::size_t limit) {
    const auto old = [&](const Log::Entry& entry) { return remembered_at(entry.value) < now - limits.max_age; };
    const auto out = expired(log, limits.max_count, limit, old);
    if (!out) return tl::unexpected(out.error());
    return keys_of(*out);
}

}  // namespace drover::store
