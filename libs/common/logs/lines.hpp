// Lines: one output stream of a task as lines, each with its time, from pieces of it as they are read. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "wire/log.hpp"

namespace drover::logs {

struct Line {
    Instant at{};  // when its first byte was written; 0: not known
    std::string text{};
    std::uint64_t end = 0;  // where in the whole output what follows begins
};

// A sentence that stands in the place of output that was removed before anybody could read it.
std::string hole_text(std::uint64_t bytes);

class Lines {
   public:
    // Begins where the first chunk does.
    Lines() = default;
    // What was removed from `position` on counts.
    explicit Lines(std::uint64_t position) : position_(position), started_(true) {}

    // A line that is longer comes in pieces.
    static constexpr std::size_t kLongest = 64 << 10;

    // Output that is known already is left out of the chunk, however it overlaps. True when some was not.
    bool take(const wire::LogChunk& chunk);
    // Nothing more will come: what has no end of line is a line too.
    void finish();

    bool empty() const { return lines_.empty(); }
    const Line& front() const { return lines_.front(); }
    Line pop();

    // Where to read on.
    std::uint64_t position() const { return position_; }
    // A line has begun that has no end yet.
    bool unfinished() const { return !begun_.text.empty(); }
    // Bytes that were removed before they could be read.
    std::uint64_t removed() const { return removed_; }

   private:
    void add(std::string_view piece, Instant at, std::uint64_t end);

    std::deque<Line> lines_;
    Line begun_;  // has no end yet; empty when there is none
    std::uint64_t position_ = 0;
    std::uint64_t removed_ = 0;
    bool started_ = false;
    Instant last_at_;
};

}  // namespace drover::logs
