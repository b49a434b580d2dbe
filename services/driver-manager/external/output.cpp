#include "driver-manager/external/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "shim/entry.hpp"

namespace drover::external {

Output::~Output() {
    for (const rt::Token token : tokens_) loop_.cancel(token);
}

Result<void> Output::open() {
    char error[296];
    if (!shim::open_logs(spec_, &logs_[0], &logs_[1], error, sizeof error)) return fail(ErrorKind::unavailable, error);
    const std::string paths[2] = {task_.stdout_path, task_.stderr_path};
    for (int stream = 0; stream < 2; ++stream) {
        pipes_[stream] = UniqueFd(::open(paths[stream].c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
        if (!pipes_[stream].valid()) return fail_errno("cannot open " + paths[stream], errno);
        tokens_[stream] = loop_.on_readable(pipes_[stream].get(), [this, stream] { pump(stream); });
    }
    return {};
}

// One piece a round, so that nothing else has to wait.
bool Output::pump(int stream) {
    static std::array<char, 65536> bytes;
    const ssize_t n = ::read(pipes_[stream].get(), bytes.data(), bytes.size());
    if (n <= 0) return false;
    shim::write_log(&logs_[stream], bytes.data(), static_cast<std::size_t>(n));
    return true;
}

// What outlived the task may go on writing: as much as a pipe holds is all that can be the task's.
void Output::drain() {
    for (int stream = 0; stream < 2; ++stream) {
        if (!pipes_[stream].valid()) continue;
        for (int pieces = 0; pieces < 16 && pump(stream); ++pieces) continue;
        shim::write_log(&logs_[stream], "", 0);
    }
}

}  // namespace drover::external
