// drover-session DIRECTORY [LIMIT_MS COMMAND...]: runs a command beside the task whose incarnation's directory that is,
// with the environment that standard input holds, "NAME=value" each ended by a NUL byte, and says on standard output
// why it did not. Without one it serves a session on descriptor 3. Started by drover-driver-manager, not for use by
// hand.
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

namespace {

volatile sig_atomic_t g_given_up = 0;

std::vector<std::string> read_environment() {
    std::string bytes;
    char piece[4096];
    for (ssize_t n = 0; (n = ::read(STDIN_FILENO, piece, sizeof piece)) > 0;)
        bytes.append(piece, static_cast<std::size_t>(n));
    std::vector<std::string> out;
    for (std::size_t end = 0; (end = bytes.find('\0')) != std::string::npos; bytes.erase(0, end + 1))
        out.push_back(bytes.substr(0, end));
    return out;
}

// When the driver-manager ends, the command does, wherever it runs, and its successor begins anew.
int run_script(const char* limit, std::vector<std::string> words) {
    ::signal(SIGTERM, [](int) { g_given_up = 1; });
    ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    std::int64_t limit_ms = 0;
    std::from_chars(limit, limit + std::strlen(limit), limit_ms);
    std::string why;
    const int code = drover::session::run_plainly(
        {.words = std::move(words), .env = read_environment()}, drover::milliseconds(limit_ms),
        [] { return g_given_up != 0; }, why);
    if (!why.empty()) std::puts(why.c_str());
    return code;
}

}  // namespace

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
    if (argc > 3) return run_script(argv[2], {argv + 3, argv + argc});
    ::fcntl(SHIM_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    drover::session::Server(SHIM_CONTROL_FD).run();
    return 0;
}
