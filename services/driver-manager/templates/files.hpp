// Files that templates are made of and rendered to. A task may write in its own directory, so no path below it is
// followed through a link.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "wire/job.hpp"

namespace drover::templates {

inline constexpr std::size_t kMaxFile = 1 << 20;  // bytes

// An absolute path, or one below `task_dir`. not_found; invalid: too large, or no plain file.
Result<std::string> read_source(const std::string& task_dir, const std::string& path);

// Writes the template's destination below `task_dir` with its permissions, for `user` (a name or number; empty: us).
// Readers see the old text or the new one. invalid or refused: the destination leaves the directory.
Result<void> write_render(const std::string& task_dir, const wire::Template& spec, const std::string& user,
                          std::string_view text);

}  // namespace drover::templates
