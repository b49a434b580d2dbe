// One output stream of a task in files <task>.stdout.N: each at most max_size bytes, cut at line ends, the newest
// max_files of them. A side file .<task>.stdout.index says where in the task's whole output the newest file begins, so
// that offsets survive rotation, and .<task>.stdout.N.times beside each when what is in it was written (protocol.h).
// Whatever cannot be written is dropped, counted and marked in the log: the task never waits for its disk.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace drover::shim {

struct Log {
    int dir_fd = -1;
    int fd = -1;
    int index_fd = -1;
    char name[144] = {};  // "<task>.stdout"
    uint64_t max_files = 1;
    uint64_t max_size = 1;
    uint64_t number = 0;      // of the newest file
    uint64_t start = 0;       // of the newest file, in the whole output
    uint64_t size = 0;        // of the newest file
    uint64_t line_start = 0;  // where in it the line begins that has no end yet; `size` when there is none
    uint64_t lost = 0;        // bytes dropped and not yet marked
    uint64_t lost_total = 0;
    uint64_t lost_before = 0;  // of the task's earlier incarnations
    int lost_errno = 0;
    int times_fd = -1;       // -1 when the disk did not let it be made: then there are no times
    uint64_t times = 0;      // entries in it
    int64_t stamped_at = 0;  // the last
};

// Continues the newest file of the stream. False with a sentence in `error`. `dir_fd` stays the caller's.
bool open_log(Log* log, int dir_fd, const char* task, const char* stream, uint64_t max_files, uint64_t max_size,
              char* error, size_t error_size);

// What is written from here on came at this time (unix nanoseconds).
void stamp_log(Log* log, int64_t at);

void write_log(Log* log, const char* bytes, size_t size);

// Writes down how much there is by now.
void note_log(const Log& log);

// Nothing more will come: what was lost is marked.
void end_log(Log* log);

}  // namespace drover::shim
