#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "driver-manager/external/verbs.hpp"
#include "ipc/home.hpp"

namespace drover::external {

namespace {

constexpr int kCannotLaunch = 127;
constexpr unsigned kLockSeconds = 5;
constexpr off_t kMaxLog = 1 << 20;  // of one that is continued

// Its first output says what it is for; an older one that has grown too large is kept beside it.
void open_log() {
    struct stat st {};
    if (::stat(ipc::kDriverLog, &st) == 0 && st.st_size > kMaxLog) ::rename(ipc::kDriverLog, "driver.log.1");
    const int log = ::open(ipc::kDriverLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
}

}  // namespace

// The pid and the start of a process outlast exec, so the record is true from before the driver's first step.
int launch(const char* program) {
    open_log();
    const int lock = ::open(ipc::kDriverLock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ::alarm(kLockSeconds);
    if (lock < 0 || ::flock(lock, LOCK_EX) != 0) return kCannotLaunch;
    ::alarm(0);
    if (ipc::open_driver(".").valid()) return ipc::kLaunchedAlready;
    if (const auto claimed = ipc::claim_home("."); !claimed) {
        std::fprintf(stderr, "%s\n", claimed.error().message.c_str());
        return kCannotLaunch;
    }
    ::unlink(ipc::kDriverSocket);
    ::execl(program, program, static_cast<char*>(nullptr));
    std::fprintf(stderr, "cannot start %s: %s\n", program, std::strerror(errno));
    return kCannotLaunch;
}

}  // namespace drover::external
