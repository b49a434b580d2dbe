// What drover-external does; each returns the exit code of the process.
#pragma once

namespace drover::external {

// Supervises the task whose spec lies in the directory.
int supervise(const char* directory);

// Becomes `program`, the driver of the current directory (ipc/home.hpp), with its output in the log there.
int launch(const char* program);

}  // namespace drover::external
