#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "driver-manager/external/keeper.hpp"
#include "driver-manager/external/verbs.hpp"
#include "driver-manager/supervisor/supervise.hpp"
#include "os/files.hpp"
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
    return supervisor::supervise(directory, [](const supervisor::Charge& charge, supervisor::Post& post) {
        auto task = read_task(charge.directory, charge.spec.id);
        if (!task) return post.fail_start(task.error().message, true);
        Keeper(charge.spec, std::move(*task), post, charge.resumed).run();
    });
}

}  // namespace drover::external
