/* What a shim and the launcher share: the status record and the requests on its socket. Plain C.
 *
 * The directory of an incarnation holds
 *   spec      key=value entries, each ended by a NUL byte; the shim holds an exclusive flock on it for as long as it
 *             lives, and does not start when the file was unlinked: whoever gets the lock and unlinks it has cancelled
 *             the start
 *   status    two slots of ShimStatus, written in turn; the valid one with the higher generation counts. Both are there
 *             from the beginning, so an end can be recorded on a full disk
 *   ctl.sock  a SOCK_SEQPACKET socket that takes ShimRequest. Every request, every connect and every change is answered
 *             with the whole ShimStatus
 * A shim ends once the end of its task is on disk.
 *
 * Beside each file <task>.stdout.N of a task's log, .<task>.stdout.N.times holds one ShimLogTime for each burst of
 * output, their offsets rising; as the log it may belong to the task, and hold anything.
 *
 * The arguments of an isolated task (spec entry isolated=1) are those of an OCI runtime, which has to
 *   start the task's first process as its child, and hand it descriptor 3 (SHIM_REPORT_FD)
 *   write runtime.pid once it has written all else that it wants to remember; it is ended then
 *   write why it could not do so to runtime.log, and end
 * and that process is this program again, as `drover-shim init COMMAND...`: it runs the command, and tells on the
 * descriptor how that started and ended. Here so that the task's main process is not the first one of its namespace,
 * which the kernel spares signals that it does not handle, and which would have to wait for the orphans of all others.
 */
#ifndef DROVER_SHIM_PROTOCOL_H
#define DROVER_SHIM_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SHIM_SPEC_FILE "spec"
#define SHIM_STATUS_FILE "status"
#define SHIM_ORDER_FILE "order" /* of a task that another program supervises: what that is told besides the spec */
#define SHIM_SOCKET "ctl.sock"
#define SHIM_CONFIG_FILE "config.json" /* of an isolated task: what the runtime reads */
#define SHIM_PID_FILE "runtime.pid"
#define SHIM_ERROR_FILE "runtime.log"
#define SHIM_RUNTIME_DIR "runtime" /* what the runtime remembers */

/* An already connected control socket that the shim may inherit. */
#define SHIM_CONTROL_FD 3

/* Where the first process of an isolated task reports. */
#define SHIM_REPORT_FD 3
#define SHIM_INIT "init" /* the argument that makes this program that process */

/* A further first argument, followed by a command, which this program becomes, found along PATH: something inside an
 * isolated task that is killed when its parent ends. */
#define SHIM_TIED "tied"

#define SHIM_MAGIC 0x72647673u
#define SHIM_VERSION 1u

enum ShimPhase {
    SHIM_STARTING = 1, /* not yet run, or waiting for its start delay */
    SHIM_RUNNING = 2,
    SHIM_EXITED = 3, /* this and the following are final: the tree is dead */
    SHIM_START_FAILED = 4,
    SHIM_NEVER_STARTED = 5
};

struct ShimStatus {
    uint32_t magic;
    uint32_t version;
    uint64_t generation; /* counts the changes */
    uint64_t boot;       /* the first 16 digits of the kernel's boot_id */
    uint64_t shim_start; /* clock ticks since boot; with the pid and the boot it names a process for ever */
    uint64_t task_start;
    int64_t started_at; /* unix nanoseconds; 0 before */
    int64_t finished_at;
    uint64_t signals_applied; /* highest order */
    uint64_t lost_bytes;      /* of output that could not be written */
    uint32_t phase;           /* ShimPhase */
    int32_t shim_pid;
    int32_t task_pid;
    int32_t exit_code; /* 128 + signal when signalled */
    int32_t exit_signal;
    int32_t signal_errno; /* of the last order; 0: delivered */
    uint8_t oom;
    uint8_t recoverable; /* of a failed start */
    uint8_t stop_requested;
    uint8_t reserved[5];
    char id[104];    /* of the incarnation, ended by NUL */
    char error[296]; /* a sentence, ended by NUL */
    uint64_t checksum;
};

struct ShimLogTime {
    uint64_t offset; /* in the task's whole output: what follows, up to the next entry, */
    int64_t at;      /* was written then: unix nanoseconds */
};

enum ShimOp { SHIM_OP_STATUS = 1, SHIM_OP_STOP = 2, SHIM_OP_SIGNAL = 3 };

struct ShimRequest {
    uint32_t magic;
    uint32_t version;
    uint32_t op;
    int32_t signo;
    uint64_t order;     /* SHIM_OP_SIGNAL: each is delivered once */
    int64_t timeout_ns; /* SHIM_OP_STOP: signo now, SIGKILL to the whole tree after this; 0: SIGKILL now */
};

#ifdef __cplusplus
static_assert(sizeof(struct ShimStatus) == 512, "the record's size is part of the format");
static_assert(sizeof(struct ShimLogTime) == 16, "the entry's size is part of the format");
static_assert(sizeof(struct ShimRequest) == 32, "the request's size is part of the format");
#endif

/* FNV-1a over everything before the checksum. */
static inline uint64_t shim_checksum(const struct ShimStatus* status) {
    const unsigned char* bytes = (const unsigned char*)status;
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < offsetof(struct ShimStatus, checksum); ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
    return hash;
}

static inline int shim_status_valid(const struct ShimStatus* status) {
    return status->magic == SHIM_MAGIC && status->version == SHIM_VERSION && status->phase >= SHIM_STARTING &&
           status->phase <= SHIM_NEVER_STARTED && status->checksum == shim_checksum(status) &&
           memchr(status->id, 0, sizeof status->id) != NULL && memchr(status->error, 0, sizeof status->error) != NULL;
}

/* The record that counts among the slots of a status file; 0 when there is none. */
static inline int shim_status_pick(const void* file, size_t size, struct ShimStatus* out) {
    int found = 0;
    for (size_t at = 0; at + sizeof *out <= size && at < 2 * sizeof *out; at += sizeof *out) {
        struct ShimStatus slot;
        memcpy(&slot, (const char*)file + at, sizeof slot);
        if (!shim_status_valid(&slot) || (found && slot.generation <= out->generation)) continue;
        *out = slot;
        found = 1;
    }
    return found;
}

#endif
