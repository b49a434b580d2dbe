#include "rt/signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.hpp"

namespace drover::rt {

namespace {

sigset_t make_set(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int s : signals) sigaddset(&set, s);
    return set;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
    const sigset_t set = make_set(signals);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
    ::signal(SIGPIPE, SIG_IGN);
}

SignalWatch::SignalWatch(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> handler)
    : loop_(loop) {
    const sigset_t set = make_set(signals);
    fd_ = UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    CHECK(fd_.valid());
    token_ = loop_.on_readable(fd_.get(), [this, handler = std::move(handler)] {
        signalfd_siginfo info{};
        if (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            handler(static_cast<int>(info.ssi_signo));
        }
    });
}

SignalWatch::~SignalWatch() { loop_.cancel(token_); }

}  // namespace drover::rt
