#include "state-store/shell/answer_desk.hpp"

#include <utility>

#include "state-store/core/validate.hpp"
#include "wire/codec.hpp"

namespace drover::store {

AnswerDesk::Gateway* AnswerDesk::find(const std::string& gateway) const {
    const auto it = gateways_.find(gateway);
    return it == gateways_.end() ? nullptr : it->second.get();
}

bool AnswerDesk::open(const std::string& gateway, const std::string& request) {
    if (!valid_name(gateway) || !valid_name(request)) return false;
    Gateway* known = find(gateway);
    if (known == nullptr) {
        if (gateways_.size() >= kMaxGateways) return false;
        known = gateways_.emplace(gateway, std::make_unique<Gateway>(epoch_)).first->second.get();
        exchange_.offer("answer/" + gateway, known->feed);
    }
    known->unheard.erase(request);
    if (known->standing.size() >= kMaxRequests && !known->standing.contains(request)) return false;
    known->standing.insert(request);
    return true;
}

void AnswerDesk::close(const std::string& gateway, const std::string& request) {
    Gateway* known = find(gateway);
    if (known == nullptr) return;
    known->standing.erase(request);
    known->unheard.erase(request);
    if (known->feed.erase(request)) known->changed = true;
}

bool AnswerDesk::stands(const std::string& gateway, const std::string& request) const {
    const Gateway* known = find(gateway);
    return known != nullptr && known->standing.contains(request);
}

void AnswerDesk::answer(const std::string& gateway, const wire::Answer& answer) {
    if (!stands(gateway, answer.id)) return;
    Gateway* known = find(gateway);
    if (known->feed.put(answer.id, wire::Answer::kName, wire::encode(answer))) known->changed = true;
}

void AnswerDesk::publish() {
    for (const auto& [name, gateway] : gateways_) {
        if (std::exchange(gateway->changed, false)) exchange_.changed("answer/" + name);
    }
}

void AnswerDesk::begin_sweep(const std::string& gateway) {
    if (Gateway* known = find(gateway)) known->unheard = known->standing;
}

void AnswerDesk::end_sweep(const std::string& gateway) {
    Gateway* known = find(gateway);
    if (known == nullptr) return;
    for (const std::string& request : std::exchange(known->unheard, {})) close(gateway, request);
}

}  // namespace drover::store
