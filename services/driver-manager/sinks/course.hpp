// Course: the way of one output stream of a task into one sink.
#pragma once

#include <functional>
#include <string>

#include "driver-manager/launcher/log_reader.hpp"
#include "driver-manager/sinks/memory.hpp"
#include "driver-manager/sinks/message.hpp"
#include "driver-manager/sinks/outlet.hpp"

namespace drover::sinks {

class Course {
   public:
    Course(wire::LogSink sink, Origin origin, const Sent& sent);

    using Read = std::function<Result<launcher::LogSlice>(std::uint64_t offset)>;

    enum class Rest {
        none,     // there is more that can be sent at once
        some,     // the sink takes no more for now
        blocked,  // it took nothing
        long_     // all that there is was sent
    };
    // Sends at most kMost lines. `end` is where the output ends by now.
    Rest go(const Read& read, std::uint64_t end, Outlet& outlet, Instant now);

    wire::LogSink sink() const { return sink_; }
    const std::string& stream() const { return origin_.stream; }
    const Sent& sent() const { return sent_; }

    static constexpr int kMost = 256;
    // A line that has had no end for so long is sent without one.
    static constexpr Duration kPatience = seconds(10);

   private:
    wire::LogSink sink_;
    Origin origin_;
    Sent sent_;
    std::uint64_t dropped_before_;
    logs::Lines lines_;
    Instant grew_at_;
};

}  // namespace drover::sinks
