// The least that must hold of what is recorded: names become keys, topics and directories.
#pragma once

#include "base/result.hpp"
#include "wire/job.hpp"

namespace drover::store {

// 1 to 63 of A-Z a-z 0-9 _ . -, and not "." or "..".
bool valid_name(std::string_view name);

// A job travels as one record, and so does each of its groups within an alloc.
inline constexpr std::size_t kMaxSpecBytes = 24 * 1024;

// Names valid and unique, at least one group and one task in each, not too large. The job file's parser says more, and
// where; this guards against those who do not use it.
Result<void> validate(const wire::JobSpec& spec);

}  // namespace drover::store
