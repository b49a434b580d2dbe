// drover-session DIRECTORY [LIMIT_MS COMMAND...]: runs a command beside the task whose incarnation's directory that is.
// Without one it serves a session on descriptor 3. Started by drover-driver-manager, not for use by hand.
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

#include "driver-manager/session/server.hpp"
#include "shim/protocol.h"

int main(int argc, char** argv) {
    if (argc < 2 || argc == 3 || argv[1][0] != '/') {
        std::fputs(
            "usage: drover-session DIRECTORY [LIMIT_MS COMMAND...]\n"
            "Started by drover-driver-manager; not for use by hand.\n",
            stderr);
        return 64;
    }
    ::signal(SIGPIPE, SIG_IGN);
    // What a command leaves behind becomes our child, and ends with us.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (::chdir(argv[1]) != 0) return 127;
    if (argc > 3) {
        std::int64_t limit_ms = 0;
        std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), limit_ms);
        return drover::session::run_plainly(std::vector<std::string>(argv + 3, argv + argc),
                                            drover::milliseconds(limit_ms));
    }
    ::fcntl(SHIM_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    drover::session::Server(SHIM_CONTROL_FD).run();
    return 0;
}
