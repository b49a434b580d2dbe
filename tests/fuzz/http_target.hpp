// Apart from the other targets, because only it needs the gateway.
#pragma once

#include <string_view>

namespace drover::fuzz {

void http(std::string_view bytes);

}  // namespace drover::fuzz
