// The files behind a Log. The directory may belong to the task: nothing here follows a link or opens what is not a
// plain file with one name.
#pragma once

#include "log.hpp"

namespace drover::shim {

// Opens the newest file, and that of its times, for appending, the first when there is none, and removes those that are
// too old.
bool continue_log_files(Log* log);

// A new empty file, open; -1 with errno.
int create_log_file(const Log& log, uint64_t number);

// With its times.
void remove_log_file(const Log& log, uint64_t number);

// Records number and start of the newest file, how much output there was, and how much of it was lost.
void write_log_index(const Log& log);

// Makes the file of times of the newest file; the first entry says that its beginning was written at `stamped_at`.
void begin_log_times(Log* log);

// Adds an entry: what begins at `offset` of the whole output was written at `stamped_at`.
void add_log_time(Log* log, uint64_t offset);

}  // namespace drover::shim
