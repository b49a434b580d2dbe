#include <utility>

#include "state-store/shell/store.hpp"

namespace drover::store {

// Heard behind a change, it is answered behind the change's commit.
void Store::take_question(Asked asked) {
    questions_.push_back(std::move(asked));
    if (question_timer_ == 0) question_timer_ = loop_.at(loop_.now(), [this] { answer_next(); });
}

// One at a time: between two of them whoever has something to record gets his turn.
void Store::answer_next() {
    question_timer_ = 0;
    if (failed_ || questions_.empty()) return;
    const Asked asked = std::move(questions_.front());
    questions_.pop_front();
    const wire::Ask ask = asked.request.ask;
    if (!desk_.stands(asked.gateway, asked.request.id)) {
        // Its gateway does not want to know any more.
    } else if (ask == wire::Ask::store_backup || ask == wire::Ask::store_check) {
        send_errand(asked);
    } else {
        const auto answer = look_up(asked.request);
        desk_.answer(asked.gateway, answer ? *answer : refusal(asked.request.id, answer.error()));
    }
    desk_.publish();
    if (!questions_.empty()) question_timer_ = loop_.at(loop_.now(), [this] { answer_next(); });
}

Result<wire::Answer> Store::look_up(const wire::Request& request) {
    if (request.ask == wire::Ask::audit) return answer_audit(view_, request);
    if (request.ask == wire::Ask::events) return answer_events(view_, event_log_, request);
    return preview_collect(view_, request, census_, limits_.collecting, loop_.now());
}

void Store::send_errand(const Asked& asked) {
    const auto done = [this, gateway = asked.gateway, request = asked.request](Result<wire::StoreReport> report) {
        wire::Answer answer = report ? wire::Answer{} : refusal(request.id, report.error());
        answer.id = request.id;
        answer.ok = report.has_value();
        if (auto record = audited(request, answer)) {
            record->time = loop_.now();
            audits_.push_back(std::move(*record));
            commit_at(loop_.now());
        }
        if (report) answer.store = std::move(*report);
        desk_.answer(gateway, answer);
        desk_.publish();
    };
    if (asked.request.ask == wire::Ask::store_check) return disk_.check(done);
    disk_.back_up(asked.request.path, done);
}

}  // namespace drover::store
