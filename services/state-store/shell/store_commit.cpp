#include <algorithm>
#include <charconv>

#include "host/log.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/reports.hpp"
#include "state-store/shell/store.hpp"

namespace drover::store {

namespace {

// The recovery as an event of no task: one line in the history that says what may be missing from it.
Result<void> record_recovery(Draft& draft, const Engine& engine, const std::string& sentence, Instant now) {
    wire::TaskEvent event;
    event.type = "Store Recovered";
    event.message = sentence;
    event.time = now;
    const std::string last_digits = event_key("", "", "", 0);
    const std::string prefix = last_digits.substr(0, last_digits.rfind('/') + 1);
    const auto earlier = engine.range(prefix, 100'000);
    if (!earlier) return tl::unexpected(earlier.error());
    if (!earlier->empty()) {
        const std::string_view digits = std::string_view(earlier->back().key).substr(prefix.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), event.n);
    }
    ++event.n;
    save(draft, event_key("", "", "", event.n), event);
    return {};
}

}  // namespace

Result<void> Store::read_recorded() {
    const Instant now = loop_.now();
    Draft draft(view_);
    const auto members = load<wire::Members>(view_, kMembersKey);
    if (!members) return tl::unexpected(members.error());
    const auto recovery = view_.get(kRecoveryKey);
    if (!recovery) return tl::unexpected(recovery.error());
    leases_ = Leases(members->value_or(wire::Members{}), !*members || *recovery, now);
    save(draft, std::string(kMembersKey), leases_.members());
    if (*recovery) {
        if (auto ok = record_recovery(draft, engine_, **recovery, now); !ok) return ok;
        draft.forget(std::string(kRecoveryKey));
    }
    for (std::string above;;) {
        const auto nodes = engine_.range(kNodePrefix, kMaxBatch, above);
        if (!nodes) return tl::unexpected(nodes.error());
        if (nodes->empty()) break;
        for (const Entry& node : *nodes) nodes_.known(node.key.substr(kNodePrefix.size()), now);
        above = nodes->back().key;
    }
    for (const std::string& prefix : Census::prefixes()) {
        for (std::string above;;) {
            const auto entries = engine_.range(prefix, kMaxBatch, above);
            if (!entries) return tl::unexpected(entries.error());
            if (entries->empty()) break;
            for (const Entry& entry : *entries) census_.hear(entry.key, entry.value);
            above = entries->back().key;
        }
    }
    const auto done = engine_.commit(to_batch(draft));
    if (!done) return tl::unexpected(done.error());
    return {};
}

void Store::watch_for_rollback() {
    std::uint64_t read = 0;
    for (const char* stream : {"state", "task/event"}) {
        const std::uint64_t head = stream == std::string_view("state") ? state_feed_.head() : event_feed_.head();
        for (const auto& [receiver, position] : exchange_.positions(stream)) {
            if (position > head) read = std::max(read, position);
        }
    }
    if (read == 0) return;
    const std::string sentence =
        "the database is older than what was read from it before (revision " + std::to_string(read) +
        "), as after restoring a backup: what was recorded in between is lost; everybody is told anew what is left";
    log::error("recovered", {{"what", sentence}});
    const Instant now = loop_.now();
    leases_ = Leases(leases_.members(), true, now);
    Draft draft(view_);
    save(draft, std::string(kMembersKey), leases_.members());
    Result<void> done = record_recovery(draft, engine_, sentence, now);
    if (done) done = engine_.renumber(read);
    if (done && !commit(draft)) return;
    if (!done) return fail_for_good(done.error());
    publish();
}

void Store::commit_at(Instant when) {
    if (commit_timer_ != 0 || refusing_ || failed_) return;
    commit_timer_ = loop_.at(when, [this] { commit_round(); });
}

void Store::apply_request(Draft& draft, const Asked& asked, Answers& answers) {
    if (!desk_.stands(asked.gateway, asked.request.id)) return;
    if (asked.request.ask == wire::Ask::events || asked.request.ask == wire::Ask::collect) {
        questions_.push_back(asked);
        return;
    }
    const auto answer = answer_change(draft, asked.request, asked.uid, loop_.now());
    answers.emplace_back(asked.gateway, answer ? *answer : refusal(asked.request.id, answer.error()));
}

void Store::apply(Draft& draft, const Statement& statement, Answers& answers) {
    Result<void> done;
    std::string from;
    if (const auto* asked = std::get_if<Asked>(&statement)) {
        apply_request(draft, *asked, answers);
    } else if (const auto* proposal = std::get_if<wire::AllocDesired>(&statement)) {
        done = record_proposal(draft, *proposal, leases_.generation());
        from = proposal->id;
    } else if (const auto* report = std::get_if<wire::AllocReport>(&statement)) {
        done = record_report(draft, *report, leases_.generation());
        from = report->alloc;
    } else if (const auto* node = std::get_if<wire::NodeObserved>(&statement)) {
        done = nodes_.observed(draft, *node, loop_.now());
        from = node->id;
    }
    if (!done) refuse(from, done.error());
}

void Store::keep_to_limits(Draft& draft) {
    // Twice what came in, so that the log never outgrows its limit for long, in bites that hold nobody up.
    const std::size_t bite = kMaxBatch + 2 * draft.size();
    for (const auto& expired : {expired_events(event_log_, limits_.events, loop_.now(), bite),
                                expired_answers(done_log_, limits_.answers, loop_.now(), bite)}) {
        if (!expired) return;
        for (const std::string& key : *expired) draft.forget(key);
    }
}

void Store::commit_round() {
    loop_.cancel(std::exchange(commit_timer_, 0));
    if (failed_ || !collect_round()) return;
    Draft draft(view_);
    Answers answers;
    questions_.clear();
    save(draft, std::string(kMembersKey), leases_.members());
    Result<void> settled = nodes_.settle(draft, loop_.now());
    for (const Statement& statement : inbox_) apply(draft, statement, answers);
    keep_to_limits(draft);
    if (view_.failure()) return fail_for_good(*view_.failure());
    if (!settled) refuse("nodes", settled.error());
    if (draft.size() > 0 && !commit(draft)) return;
    inbox_.clear();
    for (const auto& [gateway, answer] : answers) desk_.answer(gateway, answer);
    answer_questions();
    publish();
}

bool Store::commit(const Draft& draft) {
    const auto done = engine_.commit(to_batch(draft));
    if (done) {
        ++counters_.commits;
        for (const Write& write : draft.writes()) census_.hear(write.key, write.value);
        if (std::exchange(refusing_, false)) log::info("the disk takes writes again");
        return true;
    }
    if (done.error().kind == ErrorKind::corrupt) {
        fail_for_good(done.error());
        return false;
    }
    if (!std::exchange(refusing_, true)) log::error("cannot record; trying again", {{"error", done.error()}});
    loop_.cancel(commit_timer_);
    commit_timer_ = loop_.at(loop_.now() + kRetry, [this] { commit_round(); });
    return false;
}

void Store::answer_questions() {
    for (const Asked& asked : questions_) {
        const Result<wire::Answer> answer =
            asked.request.ask == wire::Ask::collect
                ? preview_collect(view_, asked.request, census_, limits_.collecting, loop_.now())
                : answer_events(view_, event_log_, asked.request);
        desk_.answer(asked.gateway, answer ? *answer : refusal(asked.request.id, answer.error()));
    }
    questions_.clear();
}

void Store::publish() {
    exchange_.changed("state");
    exchange_.changed("task/event");
    desk_.publish();
}

void Store::fail_for_good(const Error& why) {
    if (std::exchange(failed_, true)) return;
    log::error("cannot go on", {{"error", why}});
    on_failure_(why);
}

}  // namespace drover::store
