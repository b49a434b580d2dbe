#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/time.hpp"
#include "cli/verb.hpp"

namespace {

// A reader that has gone (`drover events | head`) ends the program quietly, as it does cat.
void write_all(std::FILE* file, std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fflush(file) != 0) {
        std::_Exit(errno == EPIPE ? 0 : 1);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    drover::cli::Session session;
    session.environment = drover::cli::this_environment();
    session.out = [](std::string_view text) { write_all(stdout, text); };
    session.err = [](std::string_view text) { write_all(stderr, text); };
    session.now = drover::cli::wall_clock;
    return drover::cli::run_cli(session, {argv + 1, argv + argc});
}
