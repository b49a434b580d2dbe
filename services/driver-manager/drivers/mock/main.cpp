// drover-mock-task: the process of a mock task. Its arguments come from the mock driver (command_line in mock.cpp):
//   run_for ns, exit code, exit signal, kill_after ns, ignore signals, crash,
//   and for stdout, then for stderr: repeats, ns between repeats, text
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace {

using Nanoseconds = long long;

Nanoseconds now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<Nanoseconds>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

// Until then, or until one of these signals comes, which are blocked: that one, or 0.
int sleep_until(Nanoseconds when, const sigset_t& signals) {
    while (true) {
        const Nanoseconds left = when - now();
        if (left <= 0) return 0;
        const timespec t{.tv_sec = static_cast<time_t>(left / 1'000'000'000),
                         .tv_nsec = static_cast<long>(left % 1'000'000'000)};
        if (const int number = sigtimedwait(&signals, nullptr, &t); number > 0) return number;
    }
}

void end_by(int signal_number) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, nullptr);
}

struct Output {
    int fd;
    long long left;
    Nanoseconds every;
    std::string_view text;
    Nanoseconds next;

    Output(int to, char** words)
        : fd(to), left(std::atoll(words[0])), every(std::atoll(words[1])), text(words[2]), next(now() + every) {
        print();
    }

    Nanoseconds due() const { return left > 0 ? next : LLONG_MAX; }

    void print() const {
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t n = write(fd, rest.data(), rest.size());
            if (n < 0) return;
            rest.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    void print_if_due() {
        if (now() < due()) return;
        print();
        --left;
        next += every;
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 13) return 2;
    const Nanoseconds end = now() + std::atoll(argv[1]);
    const int exit_code = std::atoi(argv[2]);
    const int exit_signal = std::atoi(argv[3]);
    const Nanoseconds kill_after = std::atoll(argv[4]);
    const bool deaf = std::atoi(argv[5]) != 0;
    sigset_t heard;
    sigemptyset(&heard);
    for (const int one : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2}) {
        if (deaf) signal(one, SIG_IGN);
        if (kill_after > 0) sigaddset(&heard, one);
    }
    sigprocmask(SIG_BLOCK, &heard, nullptr);
    Output out(STDOUT_FILENO, argv + 7);
    Output err(STDERR_FILENO, argv + 10);
    int asked = 0;
    while (asked == 0) {
        const Nanoseconds next = out.due() < err.due() ? out.due() : err.due();
        if (next > end || now() > end) break;
        asked = sleep_until(next, heard);
        out.print_if_due();
        err.print_if_due();
    }
    if (asked == 0) asked = sleep_until(end, heard);
    if (asked != 0) {
        sigset_t none;
        sigemptyset(&none);
        sleep_until(now() + kill_after, none);
        end_by(asked);
    }
    if (std::atoi(argv[6]) != 0) kill(getppid(), SIGKILL);
    if (exit_signal > 0) end_by(exit_signal);
    return exit_code;
}
