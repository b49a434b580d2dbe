#include <algorithm>
#include <charconv>
#include <set>

#include "host/log.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/reports.hpp"
#include "state-store/shell/store.hpp"

namespace drover::store {

namespace {

// The number of the newest event of no task.
Result<std::uint64_t> newest_of_ours(const Engine& engine) {
    const std::string last_digits = event_key("", "", "", 0);
    const std::string prefix = last_digits.substr(0, last_digits.rfind('/') + 1);
    const auto earlier = engine.range(prefix, 100'000);
    if (!earlier) return tl::unexpected(earlier.error());
    std::uint64_t n = 0;
    if (!earlier->empty()) {
        const std::string_view digits = std::string_view(earlier->back().key).substr(prefix.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), n);
    }
    return n;
}

}  // namespace

Result<void> Store::read_recorded() {
    const Instant now = loop_.now();
    const auto members = load<wire::Members>(view_, kMembersKey);
    if (!members) return tl::unexpected(members.error());
    const auto recovery = view_.get(kRecoveryKey);
    if (!recovery) return tl::unexpected(recovery.error());
    leases_ = Leases(members->value_or(wire::Members{}), !*members || *recovery, now);
    if (*recovery) news_.emplace_back("Store Recovered", **recovery);
    for (std::string above;;) {
        const auto nodes = engine_.range(kNodePrefix, kMaxBatch, above);
        if (!nodes) return tl::unexpected(nodes.error());
        if (nodes->empty()) break;
        for (const Entry& node : *nodes) nodes_.known(node.key.substr(kNodePrefix.size()), now);
        above = nodes->back().key;
    }
    return read_counted();
}

Result<void> Store::read_counted() {
    std::set<std::string> prefixes(Census::prefixes().begin(), Census::prefixes().end());
    prefixes.insert(Figures::prefixes().begin(), Figures::prefixes().end());
    for (const std::string& prefix : prefixes) {
        for (std::string above;;) {
            const auto entries = engine_.range(prefix, kMaxBatch, above);
            if (!entries) return tl::unexpected(entries.error());
            if (entries->empty()) break;
            for (const Entry& entry : *entries) {
                census_.hear(entry.key, entry.value);
                figures_.hear(entry.key, entry.value);
            }
            above = entries->back().key;
        }
    }
    return {};
}

// What happened to the store itself as events of no task, one line each in the history.
void Store::record_news(Draft& draft) {
    if (news_.empty()) return;
    const auto newest = newest_of_ours(engine_);
    if (!newest) return refuse("events", newest.error());
    std::uint64_t n = *newest;
    for (const auto& [type, sentence] : news_) {
        wire::TaskEvent event;
        event.type = type;
        event.message = sentence;
        event.time = loop_.now();
        event.n = ++n;
        save(draft, event_key("", "", "", n), event);
        wire::AuditRecord record;
        record.time = event.time;
        record.who = "drover";
        record.verb = "store";
        record.object = type;
        record.detail = sentence;
        record.accepted = true;
        if (auto ok = append_audit(draft, std::move(record)); !ok) return refuse("audit", ok.error());
    }
    draft.forget(std::string(kRecoveryKey));
}

Result<void> Store::record_audits(Draft& draft) const {
    for (const wire::AuditRecord& record : audits_)
        if (auto ok = append_audit(draft, record); !ok) return ok;
    return {};
}

void Store::watch_for_rollback(const wire::Vector& vector) {
    std::uint64_t told = 0;
    for (const wire::Read& read : vector.reads) {
        for (const auto& [stream, feed] : {std::pair("state", &state_feed_), std::pair("task/event", &event_feed_)}) {
            const bool beyond = read.position > feed->head();
            if (read.stream == stream && read.epoch == feed->epoch() && beyond) told = std::max(told, read.position);
        }
    }
    if (told == 0 || refusing_) return;
    const std::string sentence =
        "the database is older than what was read from it before (revision " + std::to_string(told) +
        "), as after restoring a copy: what was recorded in between is lost; everybody is told anew what is left";
    log::error("recovered", {{"what", sentence}});
    leases_ = Leases(leases_.members(), true, loop_.now());
    news_.emplace_back("Store Recovered", sentence);
    if (auto done = engine_.renumber(told); !done) return fail_for_good(done.error());
    commit_round();
}

void Store::commit_at(Instant when) {
    if (commit_timer_ != 0 || refusing_ || failed_) return;
    commit_timer_ = loop_.at(when, [this] { commit_round(); });
}

void Store::apply_request(Draft& draft, const Asked& asked, Answers& answers) {
    if (!desk_.stands(asked.gateway, asked.request.id)) return;
    const auto answer = answer_change(draft, asked.request, asked.uid, loop_.now());
    answers.emplace_back(asked.gateway, answer ? *answer : refusal(asked.request.id, answer.error()));
}

void Store::apply(Draft& draft, const Statement& statement, Answers& answers) {
    Result<void> done;
    std::string from;
    if (const auto* asked = std::get_if<Asked>(&statement)) {
        apply_request(draft, *asked, answers);
    } else if (const auto* proposal = std::get_if<wire::AllocDesired>(&statement)) {
        done = record_proposal(draft, *proposal, leases_.generation(), leases_.complete_since());
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
    if (!remove_events(draft, event_log_, limits_.events, loop_.now(), bite)) return;
    if (!remove_audit(draft, audit_log_, limits_.audit, loop_.now(), bite)) return;
    const auto answers = expired_answers(done_log_, limits_.answers, loop_.now(), bite);
    if (!answers) return;
    for (const std::string& key : *answers) draft.forget(key);
}

void Store::commit_round() {
    loop_.cancel(std::exchange(commit_timer_, 0));
    if (failed_ || !collect_round()) return;
    Draft draft(view_);
    Answers answers;
    record_news(draft);
    const auto told = static_cast<std::ptrdiff_t>(news_.size());
    save(draft, std::string(kMembersKey), leases_.members());
    Result<void> settled = record_audits(draft);
    if (settled) settled = nodes_.settle(draft, loop_.now());
    for (const Statement& statement : inbox_) apply(draft, statement, answers);
    keep_to_limits(draft);
    if (view_.failure()) return fail_for_good(*view_.failure());
    if (!settled) refuse("what is recorded", settled.error());
    if (draft.size() > 0 && !commit(draft)) return;
    inbox_.clear();
    audits_.clear();
    news_.erase(news_.begin(), news_.begin() + told);
    if (!news_.empty()) commit_at(loop_.now());
    for (const auto& [gateway, answer] : answers) desk_.answer(gateway, answer);
    publish();
}

bool Store::commit(const Draft& draft) {
    const Batch batch = to_batch(draft);
    const Instant begun = loop_.now();
    auto done = engine_.commit(batch);
    while (!done && done.error().kind == ErrorKind::io && disk_.release()) {
        lose_room(done.error());
        done = engine_.commit(batch);
    }
    if (done) {
        ++counters_.commits;
        commits_took_.observe(static_cast<double>((loop_.now() - begun).ns) / 1e9);
        for (const Write& write : draft.writes()) {
            census_.hear(write.key, write.value);
            figures_.hear(write.key, write.value);
        }
        if (std::exchange(refusing_, false)) log::info("the disk takes writes again");
        return true;
    }
    ++counters_.failures;
    if (done.error().kind == ErrorKind::corrupt) {
        fail_for_good(done.error());
        return false;
    }
    if (!std::exchange(refusing_, true)) log::error("cannot record; trying again", {{"error", done.error()}});
    lose_room(done.error());
    loop_.cancel(commit_timer_);
    commit_timer_ = loop_.at(loop_.now() + kRetry, [this] { commit_round(); });
    return false;
}

void Store::publish() {
    exchange_.changed("state");
    exchange_.changed("task/event");
    exchange_.changed("audit");
    desk_.publish();
}

void Store::fail_for_good(const Error& why) {
    if (std::exchange(failed_, true)) return;
    log::error("cannot go on", {{"error", why}});
    on_failure_(why);
}

}  // namespace drover::store
