// Is a file what was promised?
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::fetch {

struct Digest {
    std::size_t bits = 0;  // 256 or 512; 0: nothing was promised
    std::string hex;       // lower case
};

// "sha256:<64 hex digits>", "sha512:<128>" or "".
Result<Digest> parse_checksum(const std::string& text);

// Reads the whole file from its beginning.
Result<void> check(int file, const Digest& digest);

}  // namespace drover::fetch
