#include "bus/admission.hpp"

#include <algorithm>

namespace drover::bus {

bool Admission::enter(std::uint64_t epoch, Word word) {
    if (entered_ && epoch == epoch_) return false;
    const auto left = std::find(retired_.begin(), retired_.end(), epoch);
    if (left != retired_.end()) {
        if (word == Word::record) return false;
        retired_.erase(left);
    }
    if (entered_) {
        retired_.push_back(epoch_);
        if (retired_.size() > kRetired) retired_.pop_front();
        from_head_ = false;  // a later epoch is heard whole: it began while we were listening
    }
    entered_ = true;
    epoch_ = epoch;
    restart();
    head_ = 0;
    head_known_ = false;
    return true;
}

void Admission::restart() {
    position_ = 0;
    gap_ = false;
}

Verdict Admission::judge(const wire::Envelope& envelope) {
    if (!entered_ || envelope.epoch != epoch_) return Verdict::refused;
    if (envelope.records.empty()) return Verdict::duplicate;
    const std::uint64_t last = envelope.records.back().number;
    if (from_head_ && !head_known_) position_ = envelope.prev;
    head_ = std::max(head_, last);
    if (last <= position_) return Verdict::duplicate;
    if (envelope.prev > position_) {
        gap_ = true;
        return Verdict::gap;
    }
    return Verdict::apply;
}

bool Admission::heard_head(std::uint64_t head) {
    if (from_head_ && !head_known_) position_ = std::max(position_, head);
    head_known_ = true;
    head_ = std::max(head_, head);
    return want();
}

bool Admission::settle() {
    const bool closes = gap_ && position_ >= head_;
    if (closes) gap_ = false;
    return closes;
}

}  // namespace drover::bus
