// The little that the shim needs of a library: numbers, small files, directories, clocks.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

namespace drover::shim {

// Decimal digits only, at most `limit`.
bool parse_number(const char* text, uint64_t limit, uint64_t* out);

// Reads up to size - 1 bytes and ends them with NUL; the length, or -1 with errno.
ssize_t read_text(const char* path, char* out, size_t size);

// Writes an existing file of the kernel in one go.
bool write_text(const char* path, const char* text);

// Calls `each` with every name but "." and ".."; false when the directory cannot be read.
bool each_entry(int dir_fd, void (*each)(void* context, const char* name), void* context);

// The same for what may be a directory.
bool each_directory(int dir_fd, void (*each)(void* context, const char* name), void* context);

int64_t monotonic_ns();
int64_t wall_ns();

// When a process began, in clock ticks since boot; 0 when there is none.
uint64_t start_time(pid_t pid);
pid_t parent_of(pid_t pid);
uint64_t boot_number();

}  // namespace drover::shim
