#include "driver-manager/supervisor/supervise.hpp"

#include <unistd.h>

#include <vector>

#include "shim/entry.hpp"

namespace drover::supervisor {

int supervise(const char* directory, const std::function<void(const Charge&, Post&)>& work) {
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
    Post post(status, control);
    if (good) {
        work({spec, directory, resumed}, post);
    } else {
        post.fail_start(error, false);
    }
    return 0;
}

}  // namespace drover::supervisor
