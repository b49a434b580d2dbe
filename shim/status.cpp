#include "status.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.hpp"

namespace drover::shim {

namespace {

// Whose record it is.
void sign(ShimStatus* record) {
    record->boot = boot_number();
    record->shim_pid = getpid();
    record->shim_start = start_time(getpid());
}

}  // namespace

bool save_status(StatusFile* file, bool durable) {
    ShimStatus* record = &file->record;
    record->generation += 1;
    record->checksum = shim_checksum(record);
    const off_t slot = static_cast<off_t>(record->generation % 2 * sizeof *record);
    ssize_t n = 0;
    do {
        n = pwrite(file->fd, record, sizeof *record, slot);
    } while (n < 0 && errno == EINTR);
    if (n != static_cast<ssize_t>(sizeof *record)) return false;
    return !durable || fdatasync(file->fd) == 0;
}

// It gets its name once it is whole: whoever finds half a record takes it for that of a task that ran.
bool create_status(StatusFile* file, const char* id) {
    const char* const unfinished = SHIM_STATUS_FILE ".new";
    if (access(SHIM_STATUS_FILE, F_OK) == 0) return false;
    file->fd = open(unfinished, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0) return false;
    ShimStatus* record = &file->record;
    record->magic = SHIM_MAGIC;
    record->version = SHIM_VERSION;
    sign(record);
    record->phase = SHIM_STARTING;
    snprintf(record->id, sizeof record->id, "%s", id);
    return save_status(file, false) && save_status(file, false) && rename(unfinished, SHIM_STATUS_FILE) == 0;
}

bool resume_status(StatusFile* file, const char* id) {
    file->fd = open(SHIM_STATUS_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file->fd < 0) return false;
    ShimStatus slots[2];
    const ssize_t n = pread(file->fd, slots, sizeof slots, 0);
    ShimStatus* record = &file->record;
    if (n < 0 || !shim_status_pick(slots, static_cast<size_t>(n), record)) return false;
    if (record->phase >= SHIM_EXITED || strcmp(record->id, id) != 0) return false;
    sign(record);
    return save_status(file, false);
}

}  // namespace drover::shim
