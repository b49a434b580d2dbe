// What a shim wrote about a log as a whole (shim/log.hpp). Untrusted: the file may belong to the task.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"

namespace drover::launcher {

struct LogIndex {
    std::uint64_t number = 0;  // of the newest file
    std::uint64_t start = 0;   // of that file, in the task's whole output
    std::uint64_t end = 0;     // of the whole output
    std::uint64_t lost = 0;    // bytes of it that could not be written
    bool counted = false;      // the last two are there; earlier versions did not count
};

// A plain file for reading; an invalid one when there is none. Links are not followed.
UniqueFd open_plain(int dir, const std::string& name, std::uint64_t* size);

// `name` as "web.stdout".
UniqueFd open_log_index(int dir, const std::string& name);

// Nothing when it makes no sense.
std::optional<LogIndex> read_log_index(int fd);

}  // namespace drover::launcher
