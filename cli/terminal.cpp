#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <initializer_list>

namespace drover::cli {

bool has_terminal() { return ::isatty(STDIN_FILENO) != 0; }

ScreenSize screen_size() {
    winsize size{};
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO})
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) return {size.ws_row, size.ws_col};
    return {};
}

RawKeys::RawKeys() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

RawKeys::~RawKeys() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

}  // namespace drover::cli
