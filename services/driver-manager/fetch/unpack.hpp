// Archives that may be hostile, into a directory that is ours alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace drover::fetch {

struct Bounds {
    std::uint64_t bytes = 0;    // of all files together
    std::uint64_t entries = 0;  // files, directories and links
};

// By its name: .tar, .tar.gz, .tgz, .tar.xz, .txz, .tar.zst, .tzst, .zip.
bool is_archive_name(std::string_view name);

// Unpacks the file into the directory `into`. Only files, directories, and links that stay inside; the permissions are
// kept, owners and special bits are not. `refused` with the name of the entry for anything else: a path or link that
// leads out, a path through a link, a device, an entry too many or a byte too many. What was written before stays.
Result<void> unpack(int file, int into, const Bounds& bounds);

// May a link at `path` point to `target`? Both below the same directory: not absolute, leading ".." only, and those no
// more than `path` is deep. Then no chain of such links leads out.
bool stays_inside(std::string_view path, std::string_view target);

// The same rules for a tree that something else has written: `refused` with the first thing that breaks them.
Result<void> inspect(int dir, const Bounds& bounds);

}  // namespace drover::fetch
