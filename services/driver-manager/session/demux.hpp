// The output of something in a container without a terminal: frames of a stream's number, a length, and bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::session {

class Demux {
   public:
    // `stream` is 0 for standard output, 1 for standard error. A frame may come in several parts.
    using Take = std::function<void(int stream, std::string_view bytes)>;

    explicit Demux(Take take) : take_(std::move(take)) {}

    // Any piece of it. An error, from then on, when that is not made of frames.
    Result<void> feed(std::string_view bytes);

   private:
    Take take_;
    std::string head_;        // of a frame, not yet whole
    std::uint32_t left_ = 0;  // of the present frame
    int stream_ = 0;          // of it
};

}  // namespace drover::session
