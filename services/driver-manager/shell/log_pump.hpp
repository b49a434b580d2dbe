// LogPump: says what tasks write as it comes, to whoever listens to their topics (samples "task/log"). What nobody
// listens to is not even looked at.
#pragma once

#include <iterator>
#include <map>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/core/inventory.hpp"
#include "driver-manager/shell/hands.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class LogPump {
   public:
    LogPump(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, Hands& hands, std::string node);
    ~LogPump();
    LogPump(const LogPump&) = delete;
    LogPump& operator=(const LogPump&) = delete;

    // Once.
    void start();

    // Logs that are pumped now, and pieces said since the start.
    std::size_t pumped() const;
    std::uint64_t said() const { return said_; }

    static constexpr Duration kPoll = milliseconds(250);
    // Of one log at a time; more has to wait for the next look, and is skipped by rotation if it never catches up.
    static constexpr int kPieces = 16;
    // Logs of tasks at rest that are read in one look, since there may be thousands; all that they have said is read
    // once, and then none of it until they run again.
    static constexpr int kAtRest = 64;

   private:
    struct Log {
        bool heard = false;        // somebody listens to it
        std::int64_t next = -1;    // where to read on; negative: nothing was read yet
        std::uint64_t pieces = 0;  // said
        bool whole = false;        // nothing is left to read of it while its task is at rest
    };
    static constexpr const char* kStreams[] = {"stdout", "stderr"};
    struct TaskLogs {
        Log logs[std::size(kStreams)];
        Hands::LogEnds ends;      // once one was read
        std::uint64_t rest = 0;   // at_rest() of the task at the last look
        std::uint64_t round = 0;  // of that look
    };

    void look();
    void look_at(const TaskKey& key, const wire::TaskCommand& command, int& left);
    // True: everything that is there was said.
    bool pump(const std::string& job, const TaskKey& key, const char* stream, Log& log);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    const Inventory& inventory_;
    Hands& hands_;
    std::string node_;
    std::map<TaskKey, TaskLogs> logs_;
    std::uint64_t round_ = 0;
    std::uint64_t said_ = 0;
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
