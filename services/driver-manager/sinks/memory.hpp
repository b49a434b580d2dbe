// Memory: how far the output of a task has been sent, for when the driver-manager is restarted. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "wire/job.hpp"

namespace drover::sinks {

struct Sent {
    std::uint64_t position = 0;  // in the whole output: what comes next
    std::uint64_t dropped = 0;   // bytes that were removed before the sink took them

    friend bool operator==(const Sent&, const Sent&) = default;
};

struct Memory {
    std::string job;                                                // a plain name
    std::map<std::pair<wire::LogSink, std::string>, Sent> courses;  // by sink and stream

    friend bool operator==(const Memory&, const Memory&) = default;
};

// Lines of text, for a file.
std::string to_text(const Memory& memory);
// corrupt: not what to_text wrote.
Result<Memory> parse_memory(std::string_view text);

// syslog and journald, of those that a task wants.
std::vector<wire::LogSink> daemons(const wire::LogConfig& logs);

}  // namespace drover::sinks
