#include "log_files.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol.h"
#include "text.hpp"

namespace drover::shim {

namespace {

constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

struct FileName {
    FileName(const Log& log, uint64_t number) {
        snprintf(text, sizeof text, "%s.%llu", log.name, static_cast<unsigned long long>(number));
    }
    char text[168];
};

struct TimesName {
    TimesName(const Log& log, uint64_t number) {
        snprintf(text, sizeof text, ".%s.%llu.times", log.name, static_cast<unsigned long long>(number));
    }
    char text[176];
};

int plain_or_close(int fd) {
    struct stat st {};
    if (fd < 0) return fd;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1) return fd;
    close(fd);
    errno = ELOOP;
    return -1;
}

// The N of "<name>.N".
bool number_of(const Log& log, const char* file, uint64_t* number) {
    const size_t length = strlen(log.name);
    return strncmp(file, log.name, length) == 0 && file[length] == '.' &&
           parse_number(file + length + 1, INT64_MAX, number);
}

struct Scan {
    Log* log;
    bool any;
};

void note_newest(void* context, const char* name) {
    Scan* scan = static_cast<Scan*>(context);
    uint64_t number = 0;
    if (!number_of(*scan->log, name, &number)) return;
    if (!scan->any || number > scan->log->number) scan->log->number = number;
    scan->any = true;
}

void remove_old(void* context, const char* name) {
    const Log& log = *static_cast<const Log*>(context);
    uint64_t number = 0;
    if (number_of(log, name, &number) && number + log.max_files <= log.number) remove_log_file(log, number);
}

uint64_t size_of(const Log& log, uint64_t number) {
    struct stat st {};
    const bool found = fstatat(log.dir_fd, FileName(log, number).text, &st, AT_SYMLINK_NOFOLLOW) == 0;
    return found ? static_cast<uint64_t>(st.st_size) : 0;
}

struct Index {
    unsigned long long number = 0;
    unsigned long long start = 0;
    unsigned long long end = 0;
    unsigned long long lost = 0;
};

Index read_index(const Log& log) {
    char text[128] = {};
    Index index;
    const bool read = pread(log.index_fd, text, sizeof text - 1, 0) > 0;
    // Without the last two it is of an earlier version.
    if (!read || sscanf(text, "%llu %llu %llu %llu", &index.number, &index.start, &index.end, &index.lost) < 2)
        return {};
    return index;
}

// Where the newest file begins: by the index, which may be some rotations behind when the disk was full; without one,
// as if nothing had been removed.
uint64_t find_start(const Log& log, const Index& index) {
    uint64_t number = index.number;
    uint64_t start = index.start;
    if (number > log.number) number = start = 0;
    const uint64_t oldest = log.number > log.max_files ? log.number - log.max_files : 0;
    for (uint64_t i = number < oldest ? oldest : number; i < log.number; ++i) start += size_of(log, i);
    return start;
}

// Where the unfinished line at the end of the newest file begins.
uint64_t find_line_start(const Log& log) {
    char piece[1024];
    for (uint64_t end = log.size; end > 0;) {
        const size_t length = end < sizeof piece ? end : sizeof piece;
        if (pread(log.fd, piece, length, static_cast<off_t>(end - length)) != static_cast<ssize_t>(length)) break;
        if (const void* last = memrchr(piece, '\n', length)) {
            return end - length + static_cast<size_t>(static_cast<const char*>(last) - piece) + 1;
        }
        end -= length;
    }
    return 0;
}

int open_times(const Log& log, int more) {
    return plain_or_close(openat(log.dir_fd, TimesName(log, log.number).text, (kFlags & ~O_APPEND) | more, 0644));
}

void continue_times(Log* log) {
    log->times_fd = open_times(*log, O_CREAT);
    struct stat st {};
    if (log->times_fd >= 0 && fstat(log->times_fd, &st) == 0)
        log->times = static_cast<uint64_t>(st.st_size) / sizeof(ShimLogTime);
}

}  // namespace

bool continue_log_files(Log* log) {
    char index[168];
    snprintf(index, sizeof index, ".%s.index", log->name);
    log->index_fd = plain_or_close(openat(log->dir_fd, index, (kFlags & ~O_APPEND) | O_CREAT, 0644));
    Scan scan{log, false};
    if (log->index_fd < 0 || !each_entry(log->dir_fd, note_newest, &scan)) return false;
    log->fd = plain_or_close(openat(log->dir_fd, FileName(*log, log->number).text, kFlags | O_CREAT, 0644));
    struct stat st {};
    if (log->fd < 0 || fstat(log->fd, &st) != 0) return false;
    log->size = static_cast<uint64_t>(st.st_size);
    const Index found = read_index(*log);
    log->start = find_start(*log, found);
    log->lost_before = found.lost;
    log->line_start = find_line_start(*log);
    continue_times(log);
    write_log_index(*log);
    each_entry(log->dir_fd, remove_old, log);
    return true;
}

int create_log_file(const Log& log, uint64_t number) {
    const FileName name(log, number);
    // What is there already can only have been put there by the task.
    unlinkat(log.dir_fd, name.text, 0);
    return openat(log.dir_fd, name.text, kFlags | O_CREAT | O_EXCL, 0644);
}

void remove_log_file(const Log& log, uint64_t number) {
    unlinkat(log.dir_fd, FileName(log, number).text, 0);
    unlinkat(log.dir_fd, TimesName(log, number).text, 0);
}

void write_log_index(const Log& log) {
    char text[128];
    const unsigned long long numbers[] = {log.number, log.start, log.start + log.size,
                                          log.lost_before + log.lost_total};
    const int length = snprintf(text, sizeof text, "%020llu %020llu %020llu %020llu\n", numbers[0], numbers[1],
                                numbers[2], numbers[3]);
    // Its block is allocated by the first write; a failure leaves an older index, which readers can bridge.
    if (pwrite(log.index_fd, text, static_cast<size_t>(length), 0) != length) return;
}

void begin_log_times(Log* log) {
    if (log->times_fd >= 0) close(log->times_fd);
    unlinkat(log->dir_fd, TimesName(*log, log->number).text, 0);
    log->times_fd = open_times(*log, O_CREAT | O_EXCL);
    log->times = 0;
    add_log_time(log, log->start);
}

void add_log_time(Log* log, uint64_t offset) {
    const ShimLogTime entry{offset, log->stamped_at};
    const off_t at = static_cast<off_t>(log->times * sizeof entry);
    // Without it what follows counts as written when the entry before says.
    if (pwrite(log->times_fd, &entry, sizeof entry, at) == static_cast<ssize_t>(sizeof entry)) log->times += 1;
}

}  // namespace drover::shim
