#include "driver-manager/setup/scripts.hpp"

namespace drover::setup {

namespace {

constexpr Duration kGrace = seconds(15);  // drover-session ends the script itself at its limit, wherever that runs

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<Children::Id> run_script(Children& children, const drivers::ScriptPlan& plan, const Beside& beside,
                                Duration limit, std::function<void(const Result<void>&)> done) {
    if (beside.program.empty())
        return fail(ErrorKind::not_found, "drover-session is not installed beside drover-driver-manager");
    Child child;
    child.options.path = beside.program;
    child.options.argv = {"drover-session", beside.dir, std::to_string(limit.ms())};
    child.options.argv.insert(child.options.argv.end(), plan.argv.begin(), plan.argv.end());
    for (const auto& [name, value] : plan.env) child.input += name + "=" + value + '\0';
    child.limit = limit + kGrace;
    child.heard = true;
    child.winds_up = true;
    return children.start(std::move(child), [command = plan.argv.at(0), done](const ChildEnd& end) {
        if (!end.said.empty()) return done(fail(ErrorKind::io, first_line(end.said)));
        if (end.overdue || end.status.signal != 0)
            return done(fail(ErrorKind::unavailable, command + " ended without a word of its exit code"));
        if (end.status.code != 0)
            return done(fail(ErrorKind::io, command + " exited with code " + std::to_string(end.status.code)));
        done({});
    });
}

}  // namespace drover::setup
