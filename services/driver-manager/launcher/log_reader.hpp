// Reads what shims wrote of a task's output, over all its files and incarnations.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace drover::launcher {

struct LogSlice {
    std::uint64_t offset = 0;  // where `data` begins, in the task's whole output since its first start
    std::uint64_t end = 0;     // where the output ends now
    std::string data;
};

// At most `limit` bytes of "stdout" or "stderr" from `offset` on; a negative one counts from the end. Bytes that
// rotation removed are skipped, beyond the end there is nothing. A task without output yet has an empty slice. The
// directory may belong to the task: links are not followed.
Result<LogSlice> read_log(const std::string& log_dir, const std::string& task, const std::string& stream,
                          std::int64_t offset, std::size_t limit);

}  // namespace drover::launcher
