#include "driver-manager/setup/payload.hpp"

#include <fcntl.h>

#include <cerrno>

#include "base/unique_fd.hpp"
#include "os/below.hpp"

namespace drover::setup {

Result<void> write_payload(Site& place) {
    const std::string& file = place.command.spec.payload_file;
    const auto path = os::clean_path(file);
    if (!path || path->empty())
        return fail(ErrorKind::invalid, "the payload cannot be written to \"" + file +
                                            "\": it must be a path below the task's local directory without ..");
    const UniqueFd local(::open(place.dirs.local.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!local.valid()) return fail_errno("cannot open " + place.dirs.local, errno);
    const auto written = os::write_file_below(local.get(), *path, place.command.payload, 0777, 0777);
    if (written) return {};
    const bool lasting = written.error().kind == ErrorKind::refused;
    return fail(lasting ? ErrorKind::refused : ErrorKind::unavailable,
                "cannot write the payload to local/" + *path + ": " + written.error().message);
}

}  // namespace drover::setup
