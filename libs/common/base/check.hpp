// CHECK(condition): for what cannot happen. Stays on in release and ends the process, which is safe because no process
// of Drover holds a truth that is not on disk.
#pragma once

namespace drover {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace drover

#define CHECK(condition) \
    (static_cast<bool>(condition) ? void(0) : ::drover::check_failed(#condition, __FILE__, __LINE__))
