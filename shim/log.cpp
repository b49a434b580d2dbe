#include "log.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_files.hpp"
#include "protocol.h"

namespace drover::shim {

namespace {

// A line's beginning that moves to the next file is copied when it is no longer than this; a longer line is cut.
constexpr uint64_t kMaxCarry = 32 << 10;

// How much larger than its log the file of times may be: it must not take more of the disk than what it is about.
constexpr uint64_t kTimesAhead = 4096;

void lose(Log* log, size_t size, int code) {
    log->lost += size;
    log->lost_total += size;
    log->lost_errno = code;
}

// Appends to the newest file without regard to its size; false when not everything could be written.
bool append(Log* log, const char* bytes, size_t size) {
    while (size > 0) {
        const ssize_t n = write(log->fd, bytes, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            lose(log, size, errno);
            return false;
        }
        const size_t written = static_cast<size_t>(n);
        const void* last = memrchr(bytes, '\n', written);
        log->size += written;
        if (last)
            log->line_start = log->size - written + static_cast<size_t>(static_cast<const char*>(last) - bytes) + 1;
        bytes += written;
        size -= written;
    }
    return true;
}

bool rotate(Log* log, bool carry);

void mark_lost(Log* log) {
    char text[160];
    const int length = snprintf(text, sizeof text, "%s[drover: %llu bytes of output were lost: %s]\n",
                                log->line_start < log->size ? "\n" : "", static_cast<unsigned long long>(log->lost),
                                strerror(log->lost_errno));
    if (log->size > 0 && log->size + static_cast<size_t>(length) > log->max_size && !rotate(log, false)) return;
    const uint64_t lost = log->lost;
    const uint64_t total = log->lost_total;
    // The mark is not output: that it could not be written does not change the counts.
    log->lost = append(log, text, static_cast<size_t>(length)) ? 0 : lost;
    log->lost_total = total;
}

bool copy_tail(const Log& log, int to) {
    char piece[1024];
    for (uint64_t at = log.line_start; at < log.size;) {
        const uint64_t left = log.size - at;
        const ssize_t n = pread(log.fd, piece, left < sizeof piece ? left : sizeof piece, static_cast<off_t>(at));
        if (n <= 0 || write(to, piece, static_cast<size_t>(n)) != n) return false;
        at += static_cast<uint64_t>(n);
    }
    return true;
}

// Goes on in a new file; with `carry` the unfinished line goes there too. False when the disk does not let it.
bool rotate(Log* log, bool carry) {
    const int fd = create_log_file(*log, log->number + 1);
    if (fd < 0) return false;
    const uint64_t cut = carry ? log->line_start : log->size;
    if (carry && (!copy_tail(*log, fd) || ftruncate(log->fd, static_cast<off_t>(cut)) != 0)) {
        const int code = errno;
        close(fd);
        remove_log_file(*log, log->number + 1);
        errno = code;
        return false;
    }
    close(log->fd);
    log->fd = fd;
    log->number += 1;
    log->start += cut;
    log->size -= cut;
    log->line_start = 0;
    write_log_index(*log);
    begin_log_times(log);
    if (log->number >= log->max_files) remove_log_file(*log, log->number - log->max_files);
    return true;
}

// Writes as much as the newest file takes and makes room for the rest; returns how much was dealt with.
size_t fill_and_rotate(Log* log, const char* bytes, size_t size) {
    const uint64_t room = log->size < log->max_size ? log->max_size - log->size : 0;
    const void* last = room > 0 ? memrchr(bytes, '\n', room) : nullptr;
    const uint64_t unfinished = log->size - log->line_start;
    size_t take = last ? static_cast<size_t>(static_cast<const char*>(last) - bytes) + 1 : 0;
    bool carry = false;
    if (!last && unfinished > 0) {
        carry = log->line_start > 0 && unfinished <= kMaxCarry;
        if (!carry) take = room;
    } else if (!last && log->size == 0) {
        take = room;  // a line longer than a file
    }
    if (take > 0 && !append(log, bytes, take)) return take;
    if (rotate(log, carry)) return take;
    lose(log, size - take, errno);
    return size;
}

}  // namespace

bool open_log(Log* log, int dir_fd, const char* task, const char* stream, uint64_t max_files, uint64_t max_size,
              char* error, size_t error_size) {
    log->dir_fd = dir_fd;
    log->max_files = max_files;
    log->max_size = max_size;
    snprintf(log->name, sizeof log->name, "%s.%s", task, stream);
    if (continue_log_files(log)) return true;
    snprintf(error, error_size, "cannot write the log %s: %s; check the task's log directory", log->name,
             strerror(errno));
    return false;
}

void stamp_log(Log* log, int64_t at) {
    log->stamped_at = at;
    if (log->times * sizeof(ShimLogTime) < log->size + kTimesAhead) add_log_time(log, log->start + log->size);
}

void write_log(Log* log, const char* bytes, size_t size) {
    if (log->lost > 0) mark_lost(log);
    while (size > 0) {
        if (log->size + size <= log->max_size) {
            append(log, bytes, size);
            return;
        }
        const size_t done = fill_and_rotate(log, bytes, size);
        bytes += done;
        size -= done;
    }
}

void note_log(const Log& log) {
    if (log.fd >= 0) write_log_index(log);
}

void end_log(Log* log) {
    if (log->lost > 0) mark_lost(log);
    note_log(*log);
}

}  // namespace drover::shim
