#include "state-store/shell/data_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "os/files.hpp"

namespace drover::store {

Result<UniqueFd> lock_data_dir(const std::string& data_dir) {
    const std::string path = data_dir + "/state-store.lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) return fail_errno("cannot lock " + path, errno);
        const auto holder = os::read_file(path, 64);
        const std::string pid = holder && !holder->empty() ? " (pid " + *holder + ")" : "";
        return fail(ErrorKind::refused, "another state-store" + pid + " uses " + data_dir +
                                            "; stop it, or give this one a data directory of its own");
    }
    // For people; the lock holds without it, also on a full disk.
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) == 0) (void)!::pwrite(fd.get(), pid.data(), pid.size(), 0);
    return fd;
}

}  // namespace drover::store
