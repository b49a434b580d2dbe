// Sealing: anybody with the public key can seal a value, only the holder of the private key can open it. Keys are 64
// lower-case hex digits.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::secret {

struct KeyPair {
    std::string public_key;
    std::string private_key;
};

Result<KeyPair> make_keys();

// The same value sealed twice gives different bytes, about 50 longer than the value. `place` says what the value is of
// ("db/main password"): opened as that of another place it is refused, so values cannot be swapped by those who cannot
// read them.
Result<std::string> seal(const std::string& public_key, std::string_view place, std::string_view value);

// `corrupt`: sealed for another key or another place, or damaged. The error never holds a part of the value.
Result<std::string> open(const std::string& private_key, std::string_view place, std::string_view sealed);

// Of a private key.
Result<std::string> public_key_of(const std::string& private_key);

// Overwrites the text's bytes; for values that should not stay in memory.
void wipe(std::string& text);

}  // namespace drover::secret
