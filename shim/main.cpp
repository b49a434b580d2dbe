// drover-shim DIRECTORY: runs the task that the directory's spec describes and records in the directory what becomes of
// it. Started by the driver-manager, which it outlives.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cgroup.hpp"
#include "child.hpp"
#include "entry.hpp"
#include "init.hpp"
#include "supervisor.hpp"

namespace drover::shim {
namespace {

Supervisor g_supervisor;

// False: the failure is recorded.
bool prepare(Supervisor* s) {
    char error[sizeof s->status.record.error];
    const bool open = open_logs(s->spec, &s->pumps[0].log, &s->pumps[1].log, error, sizeof error);
    if (open && make_cgroups(s->spec, error, sizeof error)) return true;
    record_start_failure(s, error, may_pass(errno));
    return false;
}

int run(const char* directory) {
    leave_parent();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
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
    char path[4096];
    argv[0] = const_cast<char*>(find_program(argv[0], environ, path, sizeof path));
    exec_or_tell(argv, environ, &error);
    dprintf(2, "%s %s: %s\n", error.step, error.object, strerror(error.code));
    return 127;
}

}  // namespace

int start(int argc, char** argv) {
    const char* first = argc > 1 ? argv[1] : "";
    if (argc > 2 && strcmp(first, SHIM_INIT) == 0) return run_init(argv + 2, environ);
    if (argc > 2 && strcmp(first, SHIM_TIED) == 0)
        return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? become(argv + 2) : 126;
    if (argc == 2) return run(first);
    dprintf(2, "usage: drover-shim DIRECTORY\nStarted by drover-driver-manager; not for use by hand.\n");
    return 64;
}

}  // namespace drover::shim

int main(int argc, char** argv) { return drover::shim::start(argc, argv); }
