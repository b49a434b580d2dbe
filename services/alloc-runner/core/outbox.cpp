#include "alloc-runner/core/outbox.hpp"

#include <iterator>
#include <utility>

namespace drover::alloc_runner {

bool Outbox::full(std::size_t more) const {
    return !reports_.empty() && reports_.back().events.size() + more > kMaxEvents;
}

void Outbox::add(std::vector<wire::TaskEvent> events, const wire::AllocStatus& status) {
    if (reports_.empty() || full(events.size())) {
        reports_.emplace_back();
        reports_.back().alloc = status.id;
        reports_.back().term = status.term;
    }
    wire::AllocReport& last = reports_.back();
    last.events.insert(last.events.end(), std::make_move_iterator(events.begin()),
                       std::make_move_iterator(events.end()));
    last.status = status;
}

void Outbox::confirm(std::uint64_t version) {
    while (!reports_.empty() && reports_.front().status->version <= version) reports_.pop_front();
}

}  // namespace drover::alloc_runner
