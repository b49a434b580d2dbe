// Keys in files: one line each.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::secret {

// Makes a pair unless both files exist: the private one 0600, the public one 0644. A lost public file is made again
// from the private one; a public file without its private one is an error, because a new pair would make everything
// sealed so far unreadable.
Result<void> make_key_files(const std::string& public_file, const std::string& private_file);

Result<std::string> read_public_key(const std::string& file);

// A file that others than its owner can read is refused. Errors name the file, never the key.
Result<std::string> read_private_key(const std::string& file);

}  // namespace drover::secret
