// What comes to and from commands beside tasks: a daemon's output, a runtime's configuration, a gateway's answer.
#pragma once

#include <string_view>

namespace drover::fuzz {

void session(std::string_view bytes);

}  // namespace drover::fuzz
