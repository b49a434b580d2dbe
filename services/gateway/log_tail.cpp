#include "gateway/log_tail.hpp"

namespace drover::gateway {

std::size_t tail_start(std::string_view text, std::size_t lines) {
    if (lines == 0) return text.size();
    std::size_t end = text.size();
    if (end > 0 && text[end - 1] == '\n') --end;
    while (true) {
        const std::size_t newline = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
        if (newline == std::string_view::npos) return 0;
        if (--lines == 0) return newline + 1;
        end = newline;
    }
}

}  // namespace drover::gateway
