#include "driver-manager/shell/programs.hpp"

#include <unistd.h>

#include <climits>

#include "driver-manager/drivers/env.hpp"
#include "host/log.hpp"
#include "os/files.hpp"

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

std::string homes_of(const Config& config) { return config.data_dir + "/drivers"; }

std::vector<std::string> environment_of_drivers() {
    std::vector<std::string> env;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!drivers::may_not_reach_tasks(text.substr(0, text.find('=')))) env.push_back(text);
    }
    return env;
}

Result<Programs> find_driver_programs(const Config& config, const NodePaths& paths) {
    if (!config.drivers_dir.empty() && config.drivers_dir.front() != '/')
        return fail(ErrorKind::invalid, "option drivers_dir has to be an absolute path, not " + config.drivers_dir);
    auto programs = find_programs(config.drivers_dir);
    if (!programs) return fail(programs.error().kind, "option drivers_dir cannot be used: " + programs.error().message);
    for (const std::string& why : programs->unusable) log::warn("a program is no driver", {{"why", why}});
    if (!programs->paths.empty() && paths.external.empty())
        return fail(ErrorKind::not_found,
                    "option drivers_dir cannot be used: drover-external is not installed beside drover-driver-manager");
    if (const auto made = os::make_dir(homes_of(config), 0700); !made) return tl::unexpected(made.error());
    return programs;
}

}  // namespace drover::driver_manager
