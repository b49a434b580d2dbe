// What users ask of jobs.
#pragma once

#include "base/time.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// The job's version. A spec that is wanted already is no change. `uid` becomes the job's if the name is new.
Result<std::uint64_t> submit_job(Draft& draft, const wire::JobSpec& spec, const std::string& uid, Instant now);

// The job's version. Stopping a stopped job is no change.
Result<std::uint64_t> stop_job(Draft& draft, const std::string& name);

}  // namespace drover::store
