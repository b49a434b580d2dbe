#include "pump.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "text.hpp"

namespace drover::shim {

namespace {

constexpr int kLargePipe = 1 << 20;

// One for both streams, since nothing is kept in it.
alignas(4096) char g_buffer[16 << 10];

void judge_load(Pump* pump, size_t moved) {
    pump->busy = moved >= pump->capacity / 2;
    if (!pump->busy || pump->capacity >= kLargePipe) return;
    // Refused when the user has too much in pipes; then the small one has to do.
    if (fcntl(pump->fd, F_SETPIPE_SZ, kLargePipe) >= kLargePipe) pump->capacity = kLargePipe;
}

}  // namespace

void shrink_pumps() { madvise(g_buffer, sizeof g_buffer, MADV_DONTNEED); }

int open_pump(Pump* pump) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    pump->fd = ends[0];
    return ends[1];
}

size_t drain(Pump* pump, size_t limit) {
    size_t moved = 0;
    while (pump->fd >= 0 && moved < limit) {
        const ssize_t n = read(pump->fd, g_buffer, sizeof g_buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) {
            close(pump->fd);
            pump->fd = -1;
            break;
        }
        if (moved == 0) stamp_log(&pump->log, wall_ns());
        write_log(&pump->log, g_buffer, static_cast<size_t>(n));
        moved += static_cast<size_t>(n);
    }
    if (moved > 0) note_log(pump->log);
    if (pump->fd >= 0) judge_load(pump, moved);
    return moved;
}

}  // namespace drover::shim
