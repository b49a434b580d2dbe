#include "init.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.hpp"
#include "protocol.h"
#include "report.hpp"

namespace drover::shim {

namespace {

// Memory is shared until the exec, so `failure` is seen here.
pid_t run_command(char** argv, char** envp, StartError* failure) {
    const pid_t pid = vfork();
    if (pid == 0) {
        setsid();
        exec_or_tell(argv, envp, failure);
        _exit(127);
    }
    if (pid < 0) *failure = StartError{"cannot create a process for", argv[0], errno};
    return pid;
}

int32_t wait_for(pid_t main_process) {
    while (true) {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, 0);
        if (pid == main_process) return status;
        if (pid < 0 && errno != EINTR) return 127 << 8;
    }
}

}  // namespace

int run_init(char** argv, char** envp) {
    // Not for the task.
    fcntl(SHIM_REPORT_FD, F_SETFD, FD_CLOEXEC);
    StartError failure;
    const pid_t pid = run_command(argv, envp, &failure);
    Report report;
    report.said = failure.step ? Said::refused : Said::started;
    if (failure.step) {
        report.value = failure.code;
        snprintf(report.sentence, sizeof report.sentence, "%s %.120s: %s", failure.step, failure.object,
                 strerror(failure.code));
    }
    say_report(report);
    if (failure.step) return 127;
    const int32_t status = wait_for(pid);
    report.said = Said::ended;
    report.value = status;
    say_report(report);
    // Everything else in the namespace ends with this process.
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace drover::shim
