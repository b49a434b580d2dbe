// Views: what users see of the state, as JSON. Pure. Instants are unix nanoseconds, 0 where there is none.
#pragma once

#include <vector>

#include "gateway/json.hpp"
#include "gateway/mirror.hpp"
#include "gateway/standing.hpp"
#include "metrics/page.hpp"
#include "wire/request.hpp"

namespace drover::gateway {

// id, job, group, index, node, status, description, desired and the tasks without their events.
Json alloc_view(const AllocEntry& entry);
// The same with every event of every task, oldest first. `events` are those of the alloc, oldest first.
Json alloc_view(const AllocEntry& entry, const std::vector<wire::RecordedEvent>& events);

// As alloc_view, of an alloc that was removed: what is kept of it, with collected_at, ended_at and spec_hash.
Json collected_view(const wire::CollectedAlloc& alloc);
// Puts the events, oldest first, into the tasks of an alloc's view.
Json with_events(Json alloc, const std::vector<wire::RecordedEvent>& events);

Json event_view(const wire::TaskEvent& event);
// An event of the log: its number, job, alloc and task besides.
Json event_view(const wire::RecordedEvent& event);

// name, type, version, status, why, submitted_at and the counts of each group.
Json job_view(const wire::JobDesired& job, const Standing& standing, const std::map<std::string, GroupCount>& counts);

// `allocs`: how many of its allocs have not ended.
Json node_view(const NodeEntry& node);

// path, version, changed_at and the items by name, each with whether it is secret; with `values` also their values,
// null for a secret.
Json variable_view(const wire::VariableDesired& variable, bool values);

// A message by its own field list.
Json spec_view(const wire::JobSpec& spec);

// {"ok", "missing": [sentences], "gateway", "store", "alloc_runners", "nodes"}; ok when nothing is missing.
Json health_view(const std::string& gateway, const Mirror& mirror, Instant now);

void measure_mirror(metrics::Page& page, const Mirror& mirror, Instant now);

}  // namespace drover::gateway
