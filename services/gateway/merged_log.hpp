// MergedLog: the lines of several logs in the order of time, as JSON objects, a line each:
//   {"alloc": ID, "task": NAME, "stream": "stdout", "at": NS, "line": TEXT}   `at` is 0 where no times were kept
//   {"alloc": ID, "task": NAME, "stream": "stdout", "error": SENTENCE}        what could not be read
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "gateway/log_query.hpp"
#include "logs/lines.hpp"

namespace drover::gateway {

// How often a follower looks for more: soon enough for a person, rarely enough for a node with many followers.
inline constexpr Duration kPollLogs = milliseconds(250);

class MergedLog {
   public:
    static constexpr std::size_t kMaxLogs = 1000;

    MergedLog(Backend& backend, LogQuery query, const std::vector<LogSource>& sources);

    // Until everything was written, or, following, until every task has ended for good. False when the client has gone.
    bool run(const Write& write);

   private:
    struct Log {
        LogSource source;
        LogSpan next;
        logs::Lines lines;
        Instant upto;        // everything older has been read
        bool ended = false;  // the task will write no more; what it wrote last may not have been read
        bool over = false;
        bool told = false;  // that it cannot be read
        int rests = 0;      // rounds before a node that did not answer is asked again
    };

    void add(const LogSource& source, const LogSpan& from);
    bool refill(Log& log);
    void failed(Log& log, const Error& error);
    void at_end(Log& log, const wire::LogChunk& chunk);
    bool say_what_is_due(const Write& write, bool& more);
    bool say(std::string text, const Write& write);
    bool flush(const Write& write);
    void look_for_more();

    Backend& backend_;
    LogQuery query_;
    std::deque<Log> logs_;
    std::deque<std::string> held_;  // while only the last lines of what there is are wanted, and more is found
    bool holds_ = false;
    std::string pending_;  // to be written
};

}  // namespace drover::gateway
