#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "driver-manager/external/keeper.hpp"
#include "driver-manager/external/verbs.hpp"
#include "os/files.hpp"
#include "shim/entry.hpp"
#include "shim/protocol.h"
#include "wire/codec.hpp"

namespace drover::external {

namespace {

// What the driver gets to know besides what the plan said.
Result<wire::DriverTask> read_task(const std::string& dir, const char* id) {
    const auto bytes = os::read_file(SHIM_ORDER_FILE, wire::kMaxMessage);
    if (!bytes) return tl::unexpected(bytes.error());
    auto task = wire::decode<wire::DriverTask>(*bytes);
    if (!task) return task;
    task->id = id;
    task->notes = dir + "/notes";
    task->stdout_path = dir + "/stdout.pipe";
    task->stderr_path = dir + "/stderr.pipe";
    for (const std::string& path : {task->stdout_path, task->stderr_path})
        if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) return fail_errno("cannot make " + path, errno);
    if (const auto made = os::make_dir(task->notes, 0700); !made) return tl::unexpected(made.error());
    return task;
}

}  // namespace

int supervise(const char* directory) {
    shim::leave_parent();
    if (::chdir(directory) != 0) return 2;
    std::size_t size = 0;
    const char* bytes = shim::claim_spec(&size);
    if (bytes == nullptr) return 3;
    std::vector<char*> pointers(shim::spec_pointers(bytes, size));
    shim::Spec spec;
    char error[sizeof ShimStatus::error];
    const bool good = shim::parse_spec(bytes, size, pointers.data(), &spec, error, sizeof error);
    shim::StatusFile status;
    const bool resumed = !shim::create_status(&status, spec.id);
    if (resumed && !shim::resume_status(&status, spec.id)) return 5;
    // Of a supervisor that was killed; the lock on the spec says that there is no other.
    ::unlink(SHIM_SOCKET);
    shim::Control control;
    if (!shim::open_control(&control, SHIM_CONTROL_FD)) return 6;
    const auto task = read_task(directory, spec.id);
    Keeper keeper(spec, task.value_or(wire::DriverTask{}), status, control, resumed);
    if (!good || !task) {
        keeper.fail_start(good ? task.error().message : error, good);
    } else {
        keeper.run();
    }
    return 0;
}

}  // namespace drover::external
