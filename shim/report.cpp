#include "report.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "protocol.h"

namespace drover::shim {

int open_report(int* ours) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    // Not the number that it is to get in the child, where it would stay close-on-exec.
    const int theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, SHIM_REPORT_FD + 1);
    close(ends[1]);
    *ours = ends[0];
    return theirs;
}

Report next_report(int fd) {
    Report report;
    ssize_t n = 0;
    do {
        n = read(fd, &report, sizeof report);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return Report{};
    if (n != static_cast<ssize_t>(sizeof report)) return Report{Said::gone, 0, {}};
    report.sentence[sizeof report.sentence - 1] = 0;
    return report;
}

void say_report(const Report& report) {
    // A shim that is no longer there has nobody to tell.
    const ssize_t n = write(SHIM_REPORT_FD, &report, sizeof report);
    static_cast<void>(n);
}

}  // namespace drover::shim
