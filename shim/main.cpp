// drover-shim DIRECTORY: runs the task that the directory's spec describes and records in the directory what becomes of
// it. Started by the driver-manager, which it outlives.
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cgroup.hpp"
#include "child.hpp"
#include "entry.hpp"
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

}  // namespace
}  // namespace drover::shim

int main(int argc, char** argv) {
    if (argc != 2) {
        const char usage[] = "usage: drover-shim DIRECTORY\nStarted by drover-driver-manager; not for use by hand.\n";
        return write(2, usage, sizeof usage - 1) > 0 ? 64 : 64;
    }
    return drover::shim::run(argv[1]);
}
