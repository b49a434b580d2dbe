// LogPump: says what tasks write as it comes, to whoever listens to their topics (samples "task/log"). What nobody
// listens to is not even looked at.
#pragma once

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
    std::size_t pumped() const { return logs_.size(); }
    std::uint64_t said() const { return said_; }

    static constexpr Duration kPoll = milliseconds(250);
    // Of one log at a time; more has to wait for the next look, and is skipped by rotation if it never catches up.
    static constexpr int kPieces = 16;
    // Logs of tasks at rest that are read in one look, since there may be thousands; all that they have said is read
    // once, and then none of it until they run again.
    static constexpr int kAtRest = 64;

   private:
    struct Log {
        std::int64_t next = -1;    // where to read on; negative: nothing was read yet
        std::uint64_t pieces = 0;  // said
        std::uint64_t rest = 0;    // at_rest() of its task at the last look
        bool whole = false;        // nothing is left to read of it while its task is at rest
    };
    struct Topic {
        std::string job;
        TaskKey key;
        std::string stream;

        friend auto operator<=>(const Topic&, const Topic&) = default;
    };

    void look();
    // True: everything that is there was said.
    bool pump(const Topic& topic, Log& log);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    const Inventory& inventory_;
    Hands& hands_;
    std::string node_;
    std::map<Topic, Log> logs_;  // those that somebody listens to
    std::uint64_t said_ = 0;
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
