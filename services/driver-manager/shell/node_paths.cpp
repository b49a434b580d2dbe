#include "driver-manager/shell/node_paths.hpp"

#include <unistd.h>

#include <climits>

namespace drover::driver_manager {
namespace {

// Of this program, in which the others are installed, too.
std::string own_directory() {
    std::string self(PATH_MAX, '\0');
    const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
    self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return self.substr(0, self.rfind('/'));
}

bool is_installed(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

// With a loader of our own where the libraries of the machine need not be those that it was linked to.
std::vector<std::string> words_for_fetch(const std::string& programs) {
    const std::string fetch = programs + "/drover-fetch";
    const std::string libraries = programs + "/lib";
    if (!is_installed(fetch)) return {};
    if (!is_installed(libraries + "/loader")) return {fetch};
    return {libraries + "/loader", "--library-path", libraries, fetch};
}

}  // namespace

Result<NodePaths> find_paths(const Config& config) {
    NodePaths paths;
    paths.container = !config.container.root.empty();
    const auto programs = paths.container ? bring_programs(config.container.programs, config.data_dir)
                                          : Result<std::string>(own_directory());
    if (!programs) return tl::unexpected(programs.error());
    paths.tasks = config.data_dir + "/tasks";
    paths.allocs = config.data_dir + "/allocs";
    paths.shim = config.shim.empty() ? *programs + "/drover-shim" : config.shim;
    if (!is_installed(paths.shim))
        return fail(ErrorKind::not_found, "there is no drover-shim at " + paths.shim + "; set `shim` to its path");
    paths.mock_task = *programs + "/drover-mock-task";
    paths.runtime = config.exec_runtime;
    paths.fetch = words_for_fetch(*programs);
    const auto if_installed = [](const std::string& path) { return is_installed(path) ? path : std::string(); };
    paths.docker = if_installed(*programs + "/drover-docker");
    paths.external = if_installed(*programs + "/drover-external");
    paths.session = if_installed(*programs + "/drover-session");
    return paths;
}

}  // namespace drover::driver_manager
