// drover-floor: the least that any supervisor has to do, as a floor for what is measured: vfork and exec with a file as
// stdout, an end noticed by pidfd. It records nothing, rotates nothing and survives nothing.
//
//   drover-floor start COUNT DIR PROGRAM ARGS...   starts them one after the other, prints the time before each and
//                                                  keeps them until its stdin ends, then signals and reaps them
//   drover-floor run COUNT DIR PROGRAM ARGS...     starts each and waits for its end while the next ones run; prints
//                                                  the time when the first began and the last had ended
//   drover-floor pump FILE PROGRAM ARGS...         copies what the program writes from a pipe to a file; prints both
//                                                  times
// Times are nanoseconds of the wall clock, as those of drover-bench-task.
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

long long now() {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

pid_t spawn(char** argv, int out) {
    const pid_t pid = vfork();
    if (pid == 0) {
        dup2(out, 1);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

int output(const std::string& path) { return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644); }

int pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

void reap(const std::vector<pid_t>& pids) {
    for (const pid_t pid : pids) {
        pollfd wait{pidfd(pid), POLLIN, 0};
        poll(&wait, 1, 10'000);
        close(wait.fd);
        waitpid(pid, nullptr, 0);
    }
}

int start(int count, const std::string& dir, char** argv) {
    std::vector<pid_t> pids;
    for (int i = 0; i < count; ++i) {
        std::printf("%lld\n", now());
        const int out = output(dir + "/" + std::to_string(i));
        pids.push_back(spawn(argv, out));
        close(out);
    }
    std::fflush(stdout);
    for (char byte; read(0, &byte, 1) > 0;) continue;
    for (const pid_t pid : pids) kill(pid, SIGKILL);
    reap(pids);
    return 0;
}

int run(int count, const std::string& dir, char** argv) {
    constexpr std::size_t kAtOnce = 8;
    std::vector<pollfd> running;
    const long long began = now();
    for (int started = 0; started < count || !running.empty();) {
        while (started < count && running.size() < kAtOnce) {
            const int out = output(dir + "/" + std::to_string(started++));
            running.push_back({pidfd(spawn(argv, out)), POLLIN, 0});
            close(out);
        }
        poll(running.data(), running.size(), 10'000);
        std::vector<pollfd> left;
        for (const pollfd& one : running) {
            if (one.revents == 0) {
                left.push_back(one);
                continue;
            }
            siginfo_t info{};
            waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(one.fd), &info, WEXITED);
            close(one.fd);
        }
        running.swap(left);
    }
    std::printf("%lld\n%lld\n", began, now());
    return 0;
}

int pump(const std::string& file, char** argv) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return 1;
    const long long began = now();
    const pid_t pid = spawn(argv, ends[1]);
    close(ends[1]);
    const int out = output(file);
    static char buffer[65536];
    for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
        if (write(out, buffer, static_cast<std::size_t>(n)) != n) return 1;
    }
    waitpid(pid, nullptr, 0);
    std::printf("%lld\n%lld\n", began, now());
    return 0;
}

int number(const char* text) {
    int value = 0;
    std::from_chars(text, text + std::strlen(text), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "start" && argc > 4) return start(number(argv[2]), argv[3], argv + 4);
    if (verb == "run" && argc > 4) return run(number(argv[2]), argv[3], argv + 4);
    if (verb == "pump" && argc > 3) return pump(argv[2], argv + 3);
    std::fputs("usage: drover-floor start|run COUNT DIR PROGRAM ARGS... | pump FILE PROGRAM ARGS...\n", stderr);
    return 2;
}
