// drover-shim DIRECTORY: runs the task that the directory's spec describes and records in the directory what becomes of
// it. Started by the driver-manager, which it outlives.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.hpp"
#include "child.hpp"
#include "init.hpp"
#include "isolated.hpp"
#include "supervisor.hpp"

namespace drover::shim {
namespace {

Supervisor g_supervisor;

void leave_parent() {
    setsid();
    umask(022);
    syscall(SYS_close_range, static_cast<unsigned>(SHIM_CONTROL_FD + 1), ~0U, 0U);
    const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3 && null_fd >= 0; ++fd) dup2(null_fd, fd);
    if (null_fd > SHIM_CONTROL_FD) close(null_fd);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGCHLD);
    sigaddset(&mine, SIGTERM);
    sigaddset(&mine, SIGINT);
    sigprocmask(SIG_BLOCK, &mine, nullptr);
}

// The bytes of the spec, locked for the life of this process; null when this start was cancelled or is another's.
const char* claim_spec(size_t* size) {
    const int fd = open(SHIM_SPEC_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st {};
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &st) != 0 || st.st_nlink == 0) return nullptr;
    *size = static_cast<size_t>(st.st_size);
    if (*size == 0 || *size > kMaxSpecBytes) return nullptr;
    void* bytes = mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    return bytes == MAP_FAILED ? nullptr : static_cast<const char*>(bytes);
}

bool open_logs(Supervisor* s, char* error, size_t error_size) {
    const Spec& spec = s->spec;
    const int dir = open(spec.log_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        snprintf(error, error_size, "cannot open the log directory %s: %s", spec.log_dir, strerror(errno));
        return false;
    }
    const char* names[] = {"stdout", "stderr"};
    for (int i = 0; i < 2; ++i) {
        Log* log = &s->pumps[i].log;
        if (!open_log(log, dir, spec.task, names[i], spec.log_max_files, spec.log_max_size, error, error_size))
            return false;
    }
    return true;
}

// False: the failure is recorded.
bool prepare(Supervisor* s) {
    char error[sizeof s->status.record.error];
    if (open_logs(s, error, sizeof error) && make_cgroups(s->spec, error, sizeof error)) return true;
    record_start_failure(s, error, may_pass(errno));
    return false;
}

int run(const char* directory) {
    leave_parent();
    size_t size = 0;
    if (chdir(directory) != 0) return 2;
    const char* bytes = claim_spec(&size);
    if (!bytes) return 3;
    Supervisor* s = &g_supervisor;
    s->pointer_bytes = spec_pointers(bytes, size) * sizeof(char*);
    s->pointers = mmap(nullptr, s->pointer_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->pointers == MAP_FAILED) return 4;
    char error[sizeof s->status.record.error];
    const bool good = parse_spec(bytes, size, static_cast<char**>(s->pointers), &s->spec, error, sizeof error);
    if (!create_status(&s->status, s->spec.id)) return 5;
    if (!open_control(&s->control, SHIM_CONTROL_FD)) return 6;
    if (!good) record_start_failure(s, error, false);
    if (good && prepare(s)) supervise(s);
    return 0;
}

// Only returns, with an exit code, when that fails.
int become(char** argv) {
    StartError error;
    exec_or_tell(argv, environ, &error);
    dprintf(2, "%s %s: %s\n", error.step, error.object, strerror(error.code));
    return 127;
}

}  // namespace

int start(int argc, char** argv) {
    const char* first = argc > 1 ? argv[1] : "";
    if (argc > 2 && strcmp(first, SHIM_INIT) == 0) return run_init(argv + 2, environ);
    if (argc > 2 && strcmp(first, SHIM_HIDE) == 0) return hide_from_runtime(argv[2]) ? become(argv + 2) : 126;
    if (argc > 2 && strcmp(first, SHIM_TIED) == 0)
        return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? become(argv + 2) : 126;
    if (argc == 2) return run(first);
    dprintf(2, "usage: drover-shim DIRECTORY\nStarted by drover-driver-manager; not for use by hand.\n");
    return 64;
}

}  // namespace drover::shim

int main(int argc, char** argv) { return drover::shim::start(argc, argv); }
