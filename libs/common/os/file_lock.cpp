#include "os/file_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "os/files.hpp"

namespace drover::os {

namespace {

// " (pid 12)", or nothing when it cannot be read.
std::string holder_of(const std::string& path) {
    const auto pid = read_file(path, 64);
    return pid && !pid->empty() ? " (pid " + *pid + ")" : "";
}

}  // namespace

Result<UniqueFd> lock_file(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) return fail_errno("cannot lock " + path, errno);
        return fail(ErrorKind::conflict, "another process" + holder_of(path) + " holds " + path);
    }
    // For people; the lock holds without it, also on a full disk.
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) == 0) (void)!::pwrite(fd.get(), pid.data(), pid.size(), 0);
    return fd;
}

Result<UniqueFd> lock_data_dir(const std::string& data_dir, const std::string& service) {
    const std::string path = data_dir + "/" + service + ".lock";
    auto lock = lock_file(path);
    if (lock || lock.error().kind != ErrorKind::conflict) return lock;
    return fail(ErrorKind::refused, "another " + service + holder_of(path) + " uses " + data_dir +
                                        "; stop it, or give this one a data directory of its own");
}

}  // namespace drover::os
