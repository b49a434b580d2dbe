// Small files and directories, bounded and atomic.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace drover::os {

enum class Durable { no, yes };

// The whole file; longer than `limit` bytes is an error.
Result<std::string> read_file(const std::string& path, std::size_t limit);

// Readers see the old bytes or the new ones, never a mixture. With Durable::yes the new ones survive a power loss once
// this has returned.
Result<void> write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode, Durable durable);

// Gives an existing file new bytes in one write, without making it: for the kernel's control files.
Result<void> write_control(const std::string& path, std::string_view bytes);

// Makes `path`, whose parent exists, with exactly `mode` whatever the umask; an existing directory is left as it is.
// True when it was made. A symlink in its place is an error.
Result<bool> make_dir(const std::string& path, mode_t mode);

// The names in a directory, sorted, without "." and ".."; more than `limit` of them is an error.
Result<std::vector<std::string>> list_dir(const std::string& path, std::size_t limit);

// What was created in or renamed into the directory survives a power loss once this has returned.
Result<void> sync_dir(const std::string& path);

bool exists(const std::string& path);

// Refuses a file that others than its owner can read. `what` is for the message, "the secret key".
Result<void> check_private(const std::string& path, const std::string& what);

// May be used as one component of a path, of a cgroup's name and of a log's name: 1 to 128 bytes, no slash, no control
// character, no leading dot.
bool is_plain_name(std::string_view name);

}  // namespace drover::os
