// drover-mock-task: the process of a mock task. Its arguments come from the mock driver (command_line in mock.cpp):
//   run_for ns, exit code, exit signal, ignore signals, crash, repeats, ns between repeats, text
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

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

void sleep_until(Nanoseconds when) {
    const timespec t{.tv_sec = static_cast<time_t>(when / 1'000'000'000),
                     .tv_nsec = static_cast<long>(when % 1'000'000'000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) != 0) {
    }
}

void print(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
        if (n < 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void end_by(int signal_number) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 9) return 2;
    const Nanoseconds end = now() + std::atoll(argv[1]);
    const int exit_code = std::atoi(argv[2]);
    const int exit_signal = std::atoi(argv[3]);
    if (std::atoi(argv[4]) != 0)
        for (const int one : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2}) signal(one, SIG_IGN);
    const bool crash = std::atoi(argv[5]) != 0;
    const Nanoseconds every = std::atoll(argv[7]);
    const std::string_view text = argv[8];

    print(text);
    Nanoseconds next = now() + every;
    for (long long left = std::atoll(argv[6]); left > 0 && next <= end && now() <= end; --left, next += every) {
        sleep_until(next);
        print(text);
    }
    sleep_until(end);
    if (crash) kill(getppid(), SIGKILL);
    if (exit_signal > 0) end_by(exit_signal);
    return exit_code;
}
