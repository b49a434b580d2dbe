// The few file operations that opening a database needs. Private to the engine.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace drover::store::files {

// -1 when it is missing.
std::int64_t size(const std::string& path);
bool exists(const std::string& path);
void remove(const std::string& path);
// And makes it durable. A missing `from` is fine.
Result<void> rename(const std::string& from, const std::string& to);
// The same, but never in the place of another file.
Result<void> publish(const std::string& from, const std::string& to);
Result<void> sync(const std::string& path);

// Up to `length` bytes from `offset`, fewer at the end; what the disk refuses to give reads as zeros.
std::string read(const std::string& path, std::uint64_t offset, std::size_t length);
Result<void> write(const std::string& path, std::uint64_t offset, std::string_view bytes);
// Like read: what cannot be read becomes zeros. A missing `from` makes no file.
Result<void> copy(const std::string& from, const std::string& to);

}  // namespace drover::store::files
