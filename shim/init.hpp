// The first process of an isolated task (protocol.h).
#pragma once

namespace drover::shim {

// Runs `argv` until it ends; the exit code of this process.
int run_init(char** argv, char** envp);

}  // namespace drover::shim
