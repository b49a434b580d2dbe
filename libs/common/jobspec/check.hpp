// The rules that look at more than the form of one field; internal to jobspec.
#pragma once

#include "jobspec/reader.hpp"
#include "wire/job.hpp"

namespace drover::jobspec {

void check_job(Context& context, const wire::JobSpec& job);

// "SIGHUP" and so on: what kill_signal may be.
const std::vector<std::string_view>& signal_names();

}  // namespace drover::jobspec
