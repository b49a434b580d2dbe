// When what is in a task's log was written, as its shim noted beside each file. Untrusted: the files may belong to the
// task.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "wire/log.hpp"

namespace drover::launcher {

// The times of one file, which holds the bytes [start, end) of the task's whole output.
class LogTimes {
   public:
    // `dir` is the log directory, `name` as "web.stdout".
    LogTimes(int dir, const std::string& name, std::uint64_t number, std::uint64_t start, std::uint64_t end);

    // Adds the mark that holds at `from` and those behind it that begin before `to`, as long as there are not more than
    // `limit`. Where the bytes end that those marks are enough for.
    std::uint64_t marks(std::uint64_t from, std::uint64_t to, std::size_t limit, std::vector<wire::LogMark>& out) const;

    // Where the first burst of `when` or later begins; `end` when there is none in this file. Nothing when already the
    // first byte is as young, or of unknown age.
    std::optional<std::uint64_t> first_since(Instant when) const;

   private:
    wire::LogMark entry(std::uint64_t index) const;
    std::uint64_t first(bool (*holds)(const wire::LogMark&, std::int64_t), std::int64_t than) const;

    UniqueFd fd_;
    std::uint64_t start_;
    std::uint64_t end_;
    std::uint64_t count_ = 0;
};

}  // namespace drover::launcher
