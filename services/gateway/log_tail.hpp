// Where the last lines of a text begin. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::gateway {

// Offset of the last `lines` lines of `text`; a last line without its newline counts as one. 0 when there are not more.
std::size_t tail_start(std::string_view text, std::size_t lines);

}  // namespace drover::gateway
