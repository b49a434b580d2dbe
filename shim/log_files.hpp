// The files behind a Log. The directory may belong to the task: nothing here follows a link or opens what is not a
// plain file with one name.
#pragma once

#include "log.hpp"

namespace drover::shim {

// Opens the newest file for appending, the first when there is none, and removes those that are too old.
bool continue_log_files(Log* log);

// A new empty file, open; -1 with errno.
int create_log_file(const Log& log, uint64_t number);

void remove_log_file(const Log& log, uint64_t number);

// Records number and start of the newest file.
void write_log_index(const Log& log);

}  // namespace drover::shim
