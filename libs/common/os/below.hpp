// Paths that come from outside, below a directory that others may write: no component is ever a link, or "..".
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::os {

// `path` without empty and "." components, "" for the directory itself; nothing when it is absolute, has a component
// "..", a NUL, more than 64 components or more than 4 KiB.
std::optional<std::string> clean_path(std::string_view path);

// Each takes a clean path, and refuses with the component that is a link.

// The directory `path` below `dir`; those that are missing are made with `mode` less the umask.
Result<UniqueFd> make_dirs_below(int dir, const std::string& path, mode_t mode);

// Where the last component is: its directory, made as above, and its name. `path` is not "".
struct Place {
    UniqueFd dir;
    std::string name;
};
Result<Place> make_place_below(int dir, const std::string& path, mode_t mode);

// A new file for writing in the place of whatever file or link had that name; with exactly `mode`.
Result<UniqueFd> create_in(const Place& place, mode_t mode);

// Both at once, with all of `bytes`; the directories get `dir_mode`.
Result<void> write_file_below(int dir, const std::string& path, std::string_view bytes, mode_t mode, mode_t dir_mode);

}  // namespace drover::os
