#include "driver-manager/setup/scripts.hpp"

#include "driver-manager/launcher/isolated.hpp"
#include "os/user.hpp"

namespace drover::setup {

Result<os::SpawnOptions> spawn_options(const drivers::LaunchPlan& plan) {
    os::SpawnOptions options;
    options.path = plan.argv.at(0);
    options.argv = plan.argv;
    options.work_dir = plan.work_dir;
    for (const auto& [name, value] : plan.env) options.env.push_back(name + "=" + value);
    if (plan.user.empty()) return options;
    const auto user = os::find_user(plan.user);
    if (!user) return tl::unexpected(user.error());
    options.user = *user;
    return options;
}

Result<Children::Id> run_script(Children& children, const drivers::LaunchPlan& plan, const std::string& dir,
                                Duration limit, std::function<void(const Result<void>&)> done) {
    const Result<drivers::LaunchPlan> outer = plan.isolation ? launcher::run_inside(plan, dir) : plan;
    if (!outer) return tl::unexpected(outer.error());
    auto options = spawn_options(*outer);
    if (!options) return tl::unexpected(options.error());
    const std::string command = plan.argv.at(0);
    return children.start({std::move(*options), "", limit, false}, [command, limit, done](const ChildEnd& end) {
        if (end.overdue)
            return done(
                fail(ErrorKind::unavailable, command + " did not end within " + to_string(limit) + " and was killed"));
        if (end.status.signal != 0)
            return done(fail(ErrorKind::io, command + " ended by signal " + std::to_string(end.status.signal)));
        if (end.status.code != 0)
            return done(fail(ErrorKind::io, command + " exited with code " + std::to_string(end.status.code)));
        done({});
    });
}

}  // namespace drover::setup
