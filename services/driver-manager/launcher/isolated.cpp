#include "driver-manager/launcher/isolated.hpp"

#include "driver-manager/drivers/oci.hpp"
#include "os/files.hpp"
#include "os/user.hpp"
#include "shim/protocol.h"

namespace drover::launcher {

namespace {

// Each task has a directory of its own, so that the name need not be unique.
constexpr const char* kContainer = "task";

Result<drivers::OciUser> oci_user(const std::string& name) {
    if (name.empty()) return drivers::OciUser{};
    const Result<os::User> user = os::find_user(name);
    if (!user) return tl::unexpected(user.error());
    return drivers::OciUser{user->uid, user->gid, {user->groups.begin(), user->groups.end()}};
}

// Control groups are the shim's business.
std::vector<std::string> runtime_words(const drivers::Isolation& isolation, const std::string& dir) {
    return {isolation.runtime, "--root", dir + "/" SHIM_RUNTIME_DIR, "--cgroup-manager=disabled"};
}

drivers::LaunchPlan runtime_plan(const drivers::LaunchPlan& plan) {
    drivers::LaunchPlan out = plan;
    out.user.clear();
    out.work_dir = "/";
    // The runtime is mounted read-only where it runs, so it need not start itself anew from a copy.
    out.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"_LIBCONTAINER_CLONED_BINARY", "1"}};
    return out;
}

}  // namespace

Result<drivers::LaunchPlan> isolate(const drivers::LaunchPlan& plan, const std::string& dir) {
    const auto user = oci_user(plan.user);
    if (!user) return tl::unexpected(user.error());
    const auto config = drivers::oci_config(plan, *user, {SHIM_INIT});
    if (!config) return tl::unexpected(config.error());
    const Result<void> written = os::write_file_atomic(dir + "/" SHIM_CONFIG_FILE, *config, 0600, os::Durable::no);
    if (!written) return tl::unexpected(written.error());
    drivers::LaunchPlan out = runtime_plan(plan);
    out.argv = runtime_words(*plan.isolation, dir);
    for (const std::string& word : {std::string("--log"), dir + "/" SHIM_ERROR_FILE, std::string("run"),
                                    std::string("--pid-file"), dir + "/" SHIM_PID_FILE, std::string("--preserve-fds=1"),
                                    std::string("--bundle"), dir, std::string(kContainer)})
        out.argv.push_back(word);
    return out;
}

}  // namespace drover::launcher
