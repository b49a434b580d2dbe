// What the store has not yet confirmed about one alloc, as a queue of reports. Each report is a whole step of the
// story: its events together with the status they lead to, so that whatever the store has recorded is a state to
// continue from.
#pragma once

#include <deque>
#include <vector>

#include "wire/status.hpp"

namespace drover::alloc_runner {

class Outbox {
   public:
    // A report takes no more events than this, unless one step brings more.
    static constexpr std::size_t kMaxEvents = 32;

    // Would a report have to be closed before `more` events are added?
    bool full(std::size_t more) const;
    // `events` have led to `status`. Joins the last report while it has room.
    void add(std::vector<wire::TaskEvent> events, const wire::AllocStatus& status);
    // The store has the status of this version.
    void confirm(std::uint64_t version);
    // The oldest; null when everything is confirmed.
    const wire::AllocReport* front() const { return reports_.empty() ? nullptr : &reports_.front(); }

   private:
    std::deque<wire::AllocReport> reports_;
};

}  // namespace drover::alloc_runner
