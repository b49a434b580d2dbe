// The output of a container as the daemon sends it: frames of a stream's number, a length, and a message that begins
// with its time. Position says up to where it was taken over, so that it can be asked for again from there: nothing is
// taken twice or left out, whoever asks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::docker {

struct Position {
    std::int64_t time = 0;     // of the last message, unix nanoseconds; 0: there was none
    std::uint64_t count = 0;   // messages taken with exactly that time: parts of a long line share theirs
    std::uint64_t offset = 0;  // of the task's whole log, behind that message

    friend bool operator==(const Position&, const Position&) = default;
};

using Positions = std::array<Position, 2>;  // of standard output and standard error

class Frames {
   public:
    // `stream` is 0 for standard output, 1 for standard error; `at` when it was written, in unix nanoseconds. Returns
    // where the log ends afterwards.
    using Take = std::function<std::uint64_t(int stream, std::int64_t at, std::string_view bytes)>;

    // Messages up to `positions` count as taken; behind them the log holds already bytes up to `ends`.
    Frames(const Positions& positions, const std::array<std::uint64_t, 2>& ends, Take take);

    // Any piece of the daemon's answer. An error when that is not made of frames; whoever asks again goes on well.
    Result<void> feed(std::string_view bytes);

    // What was asked for is asked for again: begins at the beginning of an answer.
    void restart();

    Positions positions() const { return {streams_[0].position, streams_[1].position}; }

    // From when on to ask again, as the daemon wants it: "1792672986.734269834"; "0": from the beginning.
    std::string since() const;

   private:
    struct Stream {
        Position position;
        std::uint64_t skip = 0;  // bytes that the log has already
        std::uint64_t seen = 0;  // messages of the present answer with the position's time
    };

    Result<void> take_message(int stream, std::string_view message);

    Stream streams_[2];
    Take take_;
    std::string left_;  // of a frame that is not whole
};

// Nanoseconds since 1970 of "2026-11-30T12:43:06.734269834Z"; 0 when it is something else, or before 1970.
std::int64_t parse_time(std::string_view text);

}  // namespace drover::docker
