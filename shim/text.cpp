#include "text.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace drover::shim {

namespace {

// As getdents64 fills it in.
struct RawEntry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[1];
};

// A field of /proc/<pid>/stat as a number, counted from 0 after the command, which may contain anything.
uint64_t stat_field(pid_t pid, int field) {
    char path[40];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", static_cast<int>(pid));
    if (read_text(path, text, sizeof text) < 0) return 0;
    const char* at = strrchr(text, ')');
    for (int i = 0; at && i <= field; ++i) {
        at = strchr(at, ' ');
        if (at) ++at;
    }
    return at ? strtoull(at, nullptr, 10) : 0;
}

bool list(int dir_fd, bool only_directories, void (*each)(void* context, const char* name), void* context) {
    alignas(RawEntry) char buffer[2048];
    lseek(dir_fd, 0, SEEK_SET);
    while (true) {
        const long n = syscall(SYS_getdents64, dir_fd, buffer, sizeof buffer);
        if (n <= 0) return n == 0;
        for (long at = 0; at < n;) {
            RawEntry entry;
            memcpy(&entry, buffer + at, sizeof entry);
            const char* name = buffer + at + offsetof(RawEntry, name);
            const bool wanted = !only_directories || entry.type == DT_DIR || entry.type == DT_UNKNOWN;
            if (wanted && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) each(context, name);
            at += entry.length;
        }
    }
}

int64_t clock_ns(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<int64_t>(t.tv_sec) * 1000000000 + t.tv_nsec;
}

}  // namespace

bool parse_number(const char* text, uint64_t limit, uint64_t* out) {
    uint64_t value = 0;
    if (!*text) return false;
    for (; *text; ++text) {
        if (*text < '0' || *text > '9') return false;
        const uint64_t digit = static_cast<uint64_t>(*text - '0');
        if (value > (limit - digit) / 10 || digit > limit) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

ssize_t read_text(const char* path, char* out, size_t size) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return -1;
    size_t used = 0;
    while (used < size - 1) {
        const ssize_t n = read(fd, out + used, size - 1 - used);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        used += static_cast<size_t>(n);
    }
    close(fd);
    out[used] = 0;
    return static_cast<ssize_t>(used);
}

bool write_text(const char* path, const char* text) {
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    const ssize_t n = write(fd, text, strlen(text));
    const int code = errno;
    close(fd);
    errno = code;
    return n >= 0;
}

bool each_entry(int dir_fd, void (*each)(void* context, const char* name), void* context) {
    return list(dir_fd, false, each, context);
}

bool each_directory(int dir_fd, void (*each)(void* context, const char* name), void* context) {
    return list(dir_fd, true, each, context);
}

int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }
int64_t wall_ns() { return clock_ns(CLOCK_REALTIME); }

uint64_t start_time(pid_t pid) { return stat_field(pid, 19); }
pid_t parent_of(pid_t pid) { return static_cast<pid_t>(stat_field(pid, 1)); }

uint64_t boot_number() {
    char text[64];
    if (read_text("/proc/sys/kernel/random/boot_id", text, sizeof text) < 18) return 0;
    char digits[17];
    size_t used = 0;
    for (const char* at = text; *at && used < 16; ++at) {
        if (*at != '-') digits[used++] = *at;
    }
    digits[used] = 0;
    return strtoull(digits, nullptr, 16);
}

}  // namespace drover::shim
