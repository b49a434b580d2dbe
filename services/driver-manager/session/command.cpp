#include "driver-manager/session/command.hpp"

namespace drover::session {

Result<std::unique_ptr<Command>> start(const shim::Spec& task, const Wanted& wanted) {
    if (wanted.words.empty() || wanted.words.front().empty()) return fail(ErrorKind::invalid, "there is no command");
    for (const std::string& word : wanted.words)
        if (word.find('\0') != std::string::npos)
            return fail(ErrorKind::invalid, "a word of the command has a NUL byte, which no program can be given");
    return *task.container != '\0' ? start_in_container(task, wanted) : start_process(task, wanted);
}

}  // namespace drover::session
