#include "driver-manager/shell/data_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace drover::driver_manager {

Result<UniqueFd> lock_data(const std::string& data_dir) {
    const std::string path = data_dir + "/lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
    if (errno != EWOULDBLOCK) return fail_errno("cannot lock " + path, errno);
    return fail(ErrorKind::refused, "another drover-driver-manager works in " + data_dir +
                                        ": stop it first, or give this one a data directory of its own");
}

}  // namespace drover::driver_manager
