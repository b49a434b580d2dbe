// What the first process of an isolated task tells its shim: at most one message about the start, and one about the
// end.
#pragma once

#include <stdint.h>

namespace drover::shim {

enum class Said : int32_t {
    nothing,  // yet
    started,
    refused,  // the command cannot be run: `value` is the errno
    ended,    // `value` is the main process's wait status
    gone,     // the process has ended or closed its descriptor
};

struct Report {
    Said said = Said::nothing;
    int32_t value = 0;
    char sentence[248] = {};  // of a refusal
};

// Makes the pipe, our end non-blocking. Returns the other one, or -1 with errno.
int open_report(int* ours);

Report next_report(int fd);

// On SHIM_REPORT_FD.
void say_report(const Report& report);

}  // namespace drover::shim
