#include "work.hpp"

#include "wire/slots.hpp"

namespace drover::sim {

void Work::begin(const wire::AllocDesired& alloc, const wire::JobDesired& job) const {
    if (!wire::fits(job.spec, alloc)) return;
    const auto at = done_.find({alloc.job, alloc.index});
    if (at != done_.end()) world_.violate("work that was done is not done again", alloc.id + " after " + at->second);
}

void Work::hear(const wire::AllocDesired& alloc, const wire::AllocStatus& status, const wire::JobDesired& job) {
    const bool counts = alloc.desired == wire::Desired::run || wire::completed_in_drain(alloc, status);
    if (!counts || job.stopped || !wire::fits(job.spec, alloc)) return;
    if (wire::has_completed(alloc, status))
        done_[{alloc.job, alloc.index}] = alloc.id;
    else if (const auto at = done_.find({alloc.job, alloc.index}); at != done_.end() && at->second == alloc.id)
        done_.erase(at);  // begun again
}

void Work::replace(const wire::JobDesired& before, const wire::JobSpec& after) {
    const bool grows = after.groups[0].count >= before.spec.groups[0].count;
    if (before.stopped || !grows || !wire::same_work(before.spec, after, after.groups[0].name)) forget(after.name);
}

void Work::forget(const std::string& job) {
    std::erase_if(done_, [&job](const auto& entry) { return entry.first.first == job; });
}

}  // namespace drover::sim
