// What a node reads back from its disk: files that a task may have touched, that an older Drover wrote, or that a crash
// cut short.
#pragma once

#include <string_view>

namespace drover::fuzz {

// The spec of a run, as the shim and as the launcher read it, and its status record.
void shim(std::string_view bytes);

// The journal of floors, the index of a log, the memory and the environment lines of templates.
void node_files(std::string_view bytes);

}  // namespace drover::fuzz
