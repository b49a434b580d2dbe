#include "host/log.hpp"
#include "state-store/shell/store.hpp"

namespace drover::store {

// One request, or what is due by itself, at a time; the rest has its own round.
bool Store::collect_round() {
    std::erase_if(clearances_, [this](const Asked& asked) { return !desk_.stands(asked.gateway, asked.request.id); });
    if (!collecting_ && clearances_.empty()) return true;
    const Instant now = loop_.now();
    Draft draft(view_);
    std::optional<wire::Answer> answer;
    if (clearances_.empty()) {
        collect_due(draft, now);
    } else {
        const wire::Request& request = clearances_.front().request;
        const auto done = answer_collect(draft, request, census_, limits_.collecting, now);
        answer = done ? *done : refusal(request.id, done.error());
    }
    if (view_.failure()) {
        fail_for_good(*view_.failure());
        return false;
    }
    if (draft.size() > 0 && !commit(draft)) return false;
    if (!answer) {
        // What had to wait for its turn follows at once, behind what others asked for meanwhile.
        collecting_ = draft.size() > 0;
        if (collecting_) commit_at(now);
        return true;
    }
    log::info("collected at a user's wish", {{"allocs", answer->collected.size()}, {"due", answer->index}});
    desk_.answer(clearances_.front().gateway, *answer);
    clearances_.erase(clearances_.begin());
    if (collecting_ || !clearances_.empty()) commit_at(now);
    return true;
}

void Store::collect_due(Draft& draft, Instant now) {
    const CollectRules& rules = limits_.collecting;
    for (const std::string& job : purge(draft, census_, rules.at_once, now)) log::info("job purged", {{"job", job}});
    if (draft.size() > 0 || now < collect_at_) return;
    const std::vector<Removal> removals = due(census_, rules, now);
    const auto gone = collect(draft, removals, rules.at_once, now);
    for (const std::string& key : expired_records(census_, rules, now)) draft.forget(key);
    if (gone.size() < rules.at_once) collect_at_ = now + rules.interval;
    if (gone.empty()) return;
    log::info(
        "collected",
        {{"allocs", gone.size()}, {"due", removals.size()}, {"first", gone.front().id}, {"why", gone.front().reason}});
}

}  // namespace drover::store
