// What users ask of jobs.
#pragma once

#include "base/time.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// The job's version. A spec that is wanted already is no change; otherwise `uid` becomes the job's, so that no version
// gets ids of allocs that there were before, not even when a copy of an older state was put back. A job that is
// stopped, or on its way to be purged, is revived under its next version; what is gone of it stays gone.
Result<std::uint64_t> submit_job(Draft& draft, const wire::JobSpec& spec, const std::string& uid, Instant now);

// The job's version. Stopping a stopped job is no change. `purge`: nothing of it is kept once nothing of it runs.
// `no_shutdown_delay`: its tasks skip it, also when they are on their way to the end. Only a submit takes either back.
Result<std::uint64_t> stop_job(Draft& draft, const std::string& name, bool purge, bool no_shutdown_delay);

}  // namespace drover::store
