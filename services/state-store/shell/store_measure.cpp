#include "state-store/shell/store.hpp"

namespace drover::store {

using metrics::metric;

void Store::measure(metrics::Page& page) const {
    const auto add = [&page](const metrics::Metric& one, auto value) { page.add(one, static_cast<double>(value)); };
    figures_.measure(page);
    add(metric("drover_events"), event_log_.size());
    add(metric("drover_audit_records"), audit_log_.size());
    add(metric("drover_store_commits_total"), counters_.commits);
    add(metric("drover_store_commit_failures_total"), counters_.failures);
    page.add(metric("drover_store_commit_seconds"), {}, commits_took_);
    add(metric("drover_store_refused_total"), counters_.refused);
    add(metric("drover_store_revision"), engine_.head());
    add(metric("drover_store_has_room"), no_room_ ? 0 : 1);
    const std::pair<const char*, std::size_t> queues[] = {
        {"statements", inbox_.size()}, {"questions", questions_.size()}, {"collections", clearances_.size()}};
    for (const auto& [queue, length] : queues)
        page.add(metric("drover_store_queue"), {queue}, static_cast<double>(length));
}

}  // namespace drover::store
