// A line of a task as the daemons of the node want it. Pure.
#pragma once

#include <string>

#include "logs/lines.hpp"

namespace drover::sinks {

struct Origin {
    std::string job;
    std::string alloc;
    std::string task;
    std::string stream;
};

// One datagram for /dev/log: "<30>Nov 30 12:00:00 drover/JOB/TASK[4f1c2a9b]: LINE", the time UTC; facility daemon,
// severity info for standard output and warning for standard error.
std::string syslog_message(const Origin& origin, const logs::Line& line);

// One datagram of the journal's native protocol: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER (the task), and DROVER_JOB,
// DROVER_ALLOC, DROVER_TASK, DROVER_STREAM, DROVER_TIME_USEC (when it was written).
std::string journal_message(const Origin& origin, const logs::Line& line);

}  // namespace drover::sinks
