#include "bus/window.hpp"

namespace drover::bus {

void Window::report(Instant now, std::uint64_t position, bool want) {
    const bool progress = position > position_;
    const bool back = want && position < position_;
    if (progress || back || !active_) {
        progress_at_ = now;
        stalls_ = 0;
        probing_ = false;
    }
    position_ = position;
    if (!want) {
        active_ = false;
        in_flight_.clear();
        return;
    }
    const bool stalled = now - progress_at_ >= backoff(kPatience, stalls_, kLongest);
    if (!active_ || back || stalled) {
        if (stalled) {
            ++stalls_;
            progress_at_ = now;
            probing_ = true;
        }
        sent_ = position;
        in_flight_.clear();
    }
    active_ = true;
    while (!in_flight_.empty() && in_flight_.front() <= position) in_flight_.pop_front();
    if (sent_ < position) sent_ = position;
}

std::optional<wire::Envelope> Window::next(Instant now, const FeedSource& source) {
    if (!active_ || in_flight_.size() >= (probing_ ? 1 : kWindow)) return std::nullopt;
    wire::Envelope envelope;
    if (sent_ > 0 && sent_ < source.floor()) {
        envelope.reset = true;
        sent_ = 0;
    }
    envelope.prev = sent_;
    std::size_t bytes = 0;
    for (wire::Record& record : source.after(sent_, kRecords)) {
        bytes += record.body.size();
        if (!envelope.records.empty() && bytes > kBytes) break;
        envelope.records.push_back(std::move(record));
    }
    if (envelope.records.empty()) return std::nullopt;
    if (in_flight_.empty()) progress_at_ = now;
    sent_ = envelope.records.back().number;
    in_flight_.push_back(sent_);
    return envelope;
}

}  // namespace drover::bus
