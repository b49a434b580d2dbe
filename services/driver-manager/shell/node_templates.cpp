// What NodeHands does for the templates of its tasks.
#include <csignal>

#include "driver-manager/setup/scripts.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "host/log.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"
#include "os/signal_names.hpp"

namespace drover::driver_manager {

templates::KeeperHooks NodeHands::template_hooks() {
    templates::KeeperHooks hooks;
    hooks.changed = [this](const TaskKey& key, const wire::RenderObserved& now) {
        if (heard_render_) heard_render_(key, now);
    };
    hooks.signal = [this](const setup::Site& site, const std::string& name) { template_signal(site, name); };
    hooks.script = [this](const setup::Site& site, const wire::Template& changed) { template_script(site, changed); };
    hooks.warn = [](const std::string& sentence) { log::warn("templates", {{"why", sentence}}); };
    hooks.starting = [this](const setup::Site& site) {
        const auto run = runs_.find({site.command.alloc, site.command.task, site.command.seq});
        return run != runs_.end() && run->second.seen.phase == wire::RunPhase::starting;
    };
    return hooks;
}

void NodeHands::keep_templates(const wire::TaskCommand& command) { keeper_.command(site_of(command)); }

// Straight to the process: a shim counts signals by the orders of users.
void NodeHands::template_signal(const setup::Site& site, const std::string& name) {
    const wire::TaskCommand& command = site.command;
    const auto run = runs_.find({command.alloc, command.task, command.seq});
    if (run == runs_.end() || run->second.seen.phase != wire::RunPhase::running) return;
    const auto pid = static_cast<pid_t>(run->second.seen.pid);
    const auto sent = [&]() -> Result<void> {
        const auto number = os::signal_number(name);
        if (!number) return tl::unexpected(number.error());
        const auto pidfd = os::open_pidfd(pid);
        if (!pidfd) return tl::unexpected(pidfd.error());
        // Looked at after the descriptor was taken. A task begins a session; what got its number later does not.
        const auto process = os::read_proc(pid);
        if (!process || process->session != pid) return fail(ErrorKind::not_found, "its process has ended");
        return os::send_signal(pidfd->get(), *number);
    }();
    log::info("template signal", {{"alloc", command.alloc},
                                  {"task", command.task},
                                  {"signal", name},
                                  {"error", sent ? std::string() : sent.error().message}});
    // One that has just ended needs no signal.
    if (!sent && sent.error().kind != ErrorKind::not_found)
        keeper_.failed({command.alloc, command.task}, "cannot send " + name + ": " + sent.error().message);
}

void NodeHands::template_script(const setup::Site& site, const wire::Template& changed) {
    const wire::TaskCommand& command = site.command;
    const auto run = runs_.find({command.alloc, command.task, command.seq});
    if (run == runs_.end() || run->second.seen.phase != wire::RunPhase::running) return;
    const TaskKey key{command.alloc, command.task};
    const auto over = [this, key, what = changed.destination](const Result<void>& result) {
        if (result) return log::info("template script done", {{"alloc", key.alloc}, {"task", key.task}});
        log::warn("template script failed", {{"alloc", key.alloc}, {"task", key.task}, {"why", result.error()}});
        keeper_.failed(key, "the change script of " + what + " failed: " + result.error().message);
    };
    const wire::Script& script = *changed.change_script;
    const auto plan = drivers::plan_script(script, command.spec, site.context);
    if (!plan) return over(tl::unexpected(plan.error()));
    const setup::Beside beside{paths_.session, launcher_.dir({command.alloc, command.task, command.seq})};
    const auto started = setup::run_script(children_, *plan, beside, script.timeout, over);
    if (!started) over(tl::unexpected(started.error()));
}

}  // namespace drover::driver_manager
