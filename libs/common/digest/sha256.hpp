// SHA-256, as `sha256sum` prints it.
#pragma once

#include <string>
#include <string_view>

namespace drover::digest {

// 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace drover::digest
