// drover-bench-task STAMPS WHAT [BYTES]: the task of every end-to-end measurement. Its first act is to append a line to
// STAMPS: what time it is and who it is, in one write, so that lines of many do not mix.
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

void stamp(const char* path, const char* what) {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    char line[96];
    const int size = std::snprintf(line, sizeof line, "%lld%09ld %d %s\n", static_cast<long long>(t.tv_sec), t.tv_nsec,
                                   static_cast<int>(getpid()), what);
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, line, static_cast<std::size_t>(size)) != size) std::_Exit(3);
    close(fd);
}

void flood(long long bytes) {
    static char block[65536];
    std::memset(block, 'x', sizeof block);
    for (std::size_t i = 99; i < sizeof block; i += 100) block[i] = '\n';
    while (bytes > 0) {
        const ssize_t n = write(1, block, sizeof block);
        if (n <= 0) std::_Exit(4);
        bytes -= n;
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const char* what = argv[2];
    stamp(argv[1], "begins");
    if (std::strcmp(what, "end") == 0) return 0;
    if (std::strcmp(what, "flood") == 0) {
        long long bytes = 0;
        if (argc > 3) std::from_chars(argv[3], argv[3] + std::strlen(argv[3]), bytes);
        flood(bytes);
        stamp(argv[1], "ends");
        return 0;
    }
    if (std::strcmp(what, "ignore") == 0) {
        signal(SIGTERM, SIG_IGN);
        signal(SIGINT, SIG_IGN);
    }
    static_cast<void>(!write(1, "up\n", 3));
    for (;;) pause();
}
