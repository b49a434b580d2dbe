// Reads what shims wrote of a task's output, over all its files and incarnations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/log.hpp"

namespace drover::launcher {

struct LogWanted {
    std::int64_t offset = 0;  // negative: from the end
    std::size_t limit = 0;    // bytes
    Instant since{};          // whole lines that were written then or later, as far as that is known; 0: any
    bool marks = false;       // with the times
};

struct LogSlice {
    std::uint64_t offset = 0;  // where `data` begins, in the task's whole output since its first start
    std::uint64_t end = 0;     // where the output ends now
    std::string data;
    std::vector<wire::LogMark> marks{};  // as in wire::LogChunk
    Instant now{};                       // when it was read, by the clock that the marks are of
};

inline constexpr std::size_t kMaxMarks = 512;  // of a slice, which is cut where it would need more

// What is wanted of "stdout" or "stderr". Bytes that rotation removed are skipped, beyond the end there is nothing. A
// task without output yet has an empty slice. The directory may belong to the task: links are not followed.
Result<LogSlice> read_log(const std::string& log_dir, const std::string& task, const std::string& stream,
                          const LogWanted& wanted);

// How much was written to one stream of a task, and how much of that was lost.
struct LogCount {
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;
    bool known = false;  // there is a word of it
};

}  // namespace drover::launcher
