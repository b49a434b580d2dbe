// The terminal that this program was started from.
#pragma once

#include <termios.h>

#include <cstdint>

namespace drover::cli {

struct ScreenSize {
    std::uint32_t rows = 0;  // 0: not known
    std::uint32_t columns = 0;
};

bool has_terminal();
ScreenSize screen_size();

// Every key goes to whoever reads, and nothing is shown by itself, for as long as this lives. Without a terminal:
// nothing.
class RawKeys {
   public:
    RawKeys();
    ~RawKeys();
    RawKeys(const RawKeys&) = delete;
    RawKeys& operator=(const RawKeys&) = delete;

   private:
    bool changed_ = false;
    termios before_{};
};

}  // namespace drover::cli
