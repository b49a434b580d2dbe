// Frames: how messages lie in a stream of bytes. Four bytes with the length, the highest first, then as many bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::ipc {

inline constexpr std::size_t kMaxFrame = 1 << 20;  // of the message in it

std::string frame(std::string_view message);

class Frames {
   public:
    void feed(std::string_view bytes) { bytes_.append(bytes); }

    // The next whole message; nothing until there is one. An error, of a length that is none, is there to stay.
    Result<std::optional<std::string>> next();

   private:
    std::string bytes_;
};

}  // namespace drover::ipc
