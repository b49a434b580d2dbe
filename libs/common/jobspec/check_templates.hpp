// The rules of a task's templates; internal to jobspec.
#pragma once

#include "jobspec/reader.hpp"
#include "wire/job.hpp"

namespace drover::jobspec {

void check_templates(Context& context, const std::string& path, const wire::TaskSpec& task);

}  // namespace drover::jobspec
