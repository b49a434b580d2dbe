#include <sys/mman.h>
#include <unistd.h>

#include <vector>

#include "driver-manager/docker/keeper.hpp"
#include "driver-manager/docker/verbs.hpp"
#include "shim/entry.hpp"

namespace drover::docker {

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
    // Of a keeper that was killed; the lock on the spec says that there is no other.
    ::unlink(SHIM_SOCKET);
    shim::Control control;
    if (!shim::open_control(&control, SHIM_CONTROL_FD)) return 6;
    Keeper keeper(spec, status, control, resumed);
    if (good && *spec.container != '\0') {
        keeper.run();
    } else {
        keeper.fail_start(good ? "the task is no container" : error, false);
    }
    return 0;
}

}  // namespace drover::docker
