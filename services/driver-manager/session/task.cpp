#include "driver-manager/session/task.hpp"

#include "os/files.hpp"
#include "shim/protocol.h"

namespace drover::session {

Result<Task> Task::read() {
    const auto bytes = os::read_file(SHIM_SPEC_FILE, shim::kMaxSpecBytes);
    if (!bytes) return fail(ErrorKind::not_found, "the task's start is not on record any more: it has just ended");
    Task task;
    task.bytes_.assign(bytes->begin(), bytes->end());
    task.pointers_.resize(shim::spec_pointers(task.bytes_.data(), task.bytes_.size()));
    char error[256];
    if (!shim::parse_spec(task.bytes_.data(), task.bytes_.size(), task.pointers_.data(), &task.spec_, error,
                          sizeof error))
        return fail(ErrorKind::corrupt, error);
    return task;
}

}  // namespace drover::session
