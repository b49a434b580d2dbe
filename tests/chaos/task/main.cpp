// drover-chaos-task: what the chaos suite has run. It writes what happens to it into a file of its own, named after its
// alloc and task, so that nobody's word has to be taken for it:
//   begin PID          it runs
//   double PID         it runs although another one of the same task still does
//   end PID CODE       it is about to exit with CODE
//
// usage: drover-chaos-task DIR for-ever | crash | once
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

namespace {

long long now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<long long>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

void wait_ms(long long ms) {
    const long long end = now() + ms * 1'000'000;
    const timespec t{static_cast<time_t>(end / 1'000'000'000), static_cast<long>(end % 1'000'000'000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) != 0) continue;
}

bool say(int fd, const char* what, int code = -1) {
    char line[64];
    const int n = code < 0 ? snprintf(line, sizeof line, "%s %d\n", what, static_cast<int>(getpid()))
                           : snprintf(line, sizeof line, "%s %d %d\n", what, static_cast<int>(getpid()), code);
    return write(fd, line, static_cast<size_t>(n)) == n;
}

}  // namespace

int main(int argc, char** argv) {
    const char* alloc = getenv("NOMAD_ALLOC_ID");
    const char* task = getenv("NOMAD_TASK_NAME");
    if (argc != 3 || alloc == nullptr || task == nullptr) return 126;
    char path[512];
    snprintf(path, sizeof path, "%s/%s.%s", argv[1], alloc, task);
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return 125;
    // Held as long as this process lives, whatever ends it.
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) say(fd, "double");
    if (!say(fd, "begin")) return 124;
    const long long dice = (now() ^ getpid() * 2654435761LL) & 0x7fffffff;
    if (strcmp(argv[2], "for-ever") == 0) {
        while (true) pause();
    }
    const bool once = strcmp(argv[2], "once") == 0;
    wait_ms(once ? dice % 2000 : 2000 + dice % 8000);
    // Codes that nobody can guess; a batch task may as well succeed.
    const int code = static_cast<int>(once && dice % 2 == 0 ? 0 : 1 + dice / 7 % 99);
    say(fd, "end", code);
    _exit(code);
}
