#include "integration/on_terminal.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <vector>

namespace drover::integration {

OnTerminal::OnTerminal(const Cluster& cluster, const Words& arguments, unsigned short rows, unsigned short columns) {
    winsize size{rows, columns, 0, 0};
    pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ != 0) return;
    ::setenv("DROVER_DATA_DIR", cluster.dir().c_str(), 1);
    ::setenv("TERM", "xterm-test", 1);
    Words words = {std::string(DROVER_BIN) + "/drover"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(99);
}

OnTerminal::~OnTerminal() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) (void)reap(pid_, seconds(10));
    ::close(master_);
}

void OnTerminal::type(const std::string& keys) const {
    EXPECT_EQ(::write(master_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

void OnTerminal::resize(unsigned short rows, unsigned short columns) const {
    winsize size{rows, columns, 0, 0};
    EXPECT_EQ(::ioctl(master_, TIOCSWINSZ, &size), 0);
}

bool OnTerminal::shows(const std::string& text, Duration limit) {
    return eventually(
        [&] {
            pollfd ready{master_, POLLIN, 0};
            char piece[4096];
            while (::poll(&ready, 1, 0) == 1) {
                const ssize_t n = ::read(master_, piece, sizeof piece);
                if (n <= 0) break;
                seen_.append(piece, static_cast<std::size_t>(n));
            }
            return seen_.find(text) != std::string::npos;
        },
        limit);
}

bool OnTerminal::typing_shows(const std::string& keys, const std::string& text) {
    return eventually(
        [&] {
            type(keys);
            return shows(text, milliseconds(500));
        },
        kPatience);
}

int OnTerminal::code() {
    const int result = reap(pid_, kPatience);
    pid_ = 0;
    return result;
}

}  // namespace drover::integration
