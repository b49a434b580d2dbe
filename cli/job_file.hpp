// Job files as the verbs take them.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "jobspec/parse.hpp"

namespace drover::cli {

struct JobFile {
    std::string text;
    jobspec::Parsed parsed;
};

// Reads and parses `path`, "-" for standard input. An error only when it cannot be read at all.
Result<JobFile> read_job_file(const std::string& path);

// One line a problem, and how many there are.
Error describe(const std::string& path, const std::vector<jobspec::Problem>& problems);

}  // namespace drover::cli
