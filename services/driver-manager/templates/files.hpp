// Files that templates are made of and rendered to. A task may write in its own directory, so no path below it is
// followed through a link.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "driver-manager/drivers/driver.hpp"

namespace drover::templates {

inline constexpr std::size_t kMaxFile = 1 << 20;  // bytes

// Where the files are that a task's templates may be made of. Relative paths are below `task`.
struct Readable {
    std::string task;   // the task's directory
    std::string alloc;  // that of its alloc: everything below it may be read
    bool node = false;  // may every file of the node?
};

Readable readable(const drivers::TaskContext& context);

// not_found; refused: the path leads out of the alloc's directory, and not all of the node may be read; invalid: too
// large, or no plain file.
Result<std::string> read_source(const Readable& readable, const std::string& path);

// Writes the template's destination below `task_dir` with its permissions, for `user` (a name or number; empty: us).
// Readers see the old text or the new one. invalid or refused: the destination leaves the directory.
Result<void> write_render(const std::string& task_dir, const wire::Template& spec, const std::string& user,
                          std::string_view text);

}  // namespace drover::templates
