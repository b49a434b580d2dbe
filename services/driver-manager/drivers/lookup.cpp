#include "driver-manager/drivers/lookup.hpp"

#include <vector>

namespace drover::drivers {
namespace {

std::vector<std::string> candidates(const std::string& command, const TaskDirs& dirs, std::string_view path) {
    if (command.front() == '/') return {command};
    std::vector<std::string> result = {dirs.local + "/" + command, dirs.root + "/" + command};
    if (command.find('/') != std::string::npos) return result;
    while (!path.empty()) {
        const std::size_t colon = path.find(':');
        const std::string_view dir = path.substr(0, colon);
        // An empty or relative entry would mean the driver-manager's own directory.
        if (!dir.empty() && dir.front() == '/') result.push_back(std::string(dir) + "/" + command);
        path = colon == std::string_view::npos ? std::string_view() : path.substr(colon + 1);
    }
    return result;
}

}  // namespace

Result<std::string> find_command(const std::string& command, const TaskDirs& dirs, std::string_view path,
                                 const std::function<bool(const std::string&)>& is_executable) {
    if (command.empty()) return fail(ErrorKind::invalid, "the command is empty");
    for (const std::string& candidate : candidates(command, dirs, path))
        if (is_executable(candidate)) return candidate;
    const std::string sentence = "cannot find the command " + command;
    if (command.front() == '/')
        return fail(ErrorKind::not_found, sentence + ": there is no such executable file on this node");
    const bool bare = command.find('/') == std::string::npos;
    return fail(ErrorKind::not_found, sentence + ": looked for an executable file in " + dirs.local + ", " + dirs.root +
                                          (bare ? " and along PATH=" + std::string(path) : std::string()));
}

}  // namespace drover::drivers
