#include <csignal>

#include "driver-manager/launcher/isolated.hpp"
#include "driver-manager/launcher/spec_file.hpp"
#include "driver-manager/launcher/state.hpp"
#include "os/files.hpp"
#include "os/spawn.hpp"
#include "os/unix_socket.hpp"

namespace drover::launcher {

namespace {
constexpr Duration kStartLimit = seconds(30);
}

// One start a round, so that the loop stays responsive during a storm of them.
void Launcher::State::start_later() {
    if (next_start != 0 || queue.empty() || starting.size() >= in_flight) return;
    next_start = loop.at(loop.now(), [this] {
        next_start = 0;
        start_next();
        start_later();
    });
}

void Launcher::State::start_next() {
    if (queue.empty() || starting.size() >= in_flight) return;
    const RunKey key = queue.front();
    queue.pop_front();
    if (Run* run = find(key)) start(*run);
}

void Launcher::State::start(Run& run) {
    const std::uint64_t floor = floors.of(run.key.alloc, run.key.task);
    if (run.key.seq <= floor) {
        never_started(run, "incarnations up to " + std::to_string(floor) + " were stopped and must not start");
        return;
    }
    bool claimed = false;
    if (const Result<void> done = claim(run, claimed); !done) {
        start_failed(run, done.error().message, true);
        return;
    }
    if (!claimed) {
        // Somebody's start of this very incarnation: what became of it is in its directory.
        if (!look(run)) start_failed(run, "the directory " + run.dir + " was left over; try again", true);
        changed_now(run);
        return;
    }
    const std::string program = run.plan.supervisor.empty() ? shim : run.plan.supervisor;
    const std::string order = std::move(run.plan.order);
    const os::CgroupLimits limits{run.plan.resources.cpu, run.plan.resources.memory, run.plan.pids};
    const os::CgroupPlan groups = cgroups.plan(cgroup_name(run.key), limits);
    const Result<drivers::LaunchPlan> plan = run.plan.isolation ? isolate(run.plan, run.dir) : std::move(run.plan);
    const Result<std::string> spec =
        plan ? make_spec(run.seen.id, run.key.task, *plan, groups) : Result<std::string>(tl::unexpected(plan.error()));
    run.plan = {};
    if (spec) {
        first_spawn(run, program, *spec, order);
    } else {
        start_failed(run, spec.error().message, spec.error().kind == ErrorKind::io);
    }
}

Result<void> Launcher::State::claim(const Run& run, bool& claimed) {
    if (const Result<void> made = make_task_dir(state_dir, run.key.alloc, run.key.task); !made) return made;
    const Result<bool> made = os::make_dir(run.dir, 0700);
    if (!made) return tl::unexpected(made.error());
    claimed = *made;
    return {};
}

void Launcher::State::first_spawn(Run& run, const std::string& program, const std::string& spec,
                                  const std::string& order) {
    run.stage = Stage::starting;
    Result<void> done;
    if (!order.empty()) done = os::write_file_atomic(run.dir + "/" + SHIM_ORDER_FILE, order, 0600, os::Durable::no);
    if (done) done = os::write_file_atomic(run.dir + "/" + SHIM_SPEC_FILE, spec, 0600, os::Durable::no);
    const bool written = done.has_value();
    if (written) done = spawn(run, program);
    if (!done) {
        start_failed(run, done.error().message, !written || done.error().kind != ErrorKind::not_found);
        return;
    }
    starting.insert(run.key);
    run.overdue = loop.at(loop.now() + kStartLimit, on_run(run, [this](Run& late) {
                              late.seen.error = "the supervisor of the task has not answered for " +
                                                to_string(kStartLimit) +
                                                "; the node may be overloaded or a file system may hang";
                              leave_start(late);
                              changed_now(late);
                          }));
}

Result<void> Launcher::State::spawn(Run& run, const std::string& program) {
    Result<std::pair<UniqueFd, UniqueFd>> sockets = os::socket_pair();
    if (!sockets) return tl::unexpected(sockets.error());
    os::SpawnOptions options;
    options.path = program;
    // The name is that of the part it plays, whatever the program: orphans are found by it.
    options.argv = {"drover-shim", run.dir};
    options.fds = {{sockets->second.get(), SHIM_CONTROL_FD}};
    options.new_session = true;
    options.groups = shim_groups;
    Result<os::Process> process = os::spawn(options, os::Stdio::null);
    if (!process) return tl::unexpected(process.error());
    watch_shim(run, std::move(process->pidfd));
    use_socket(run, std::move(sockets->first));
    return {};
}

void Launcher::State::never_started(Run& run, const std::string& why) {
    wire::IncarnationObserved seen = run.seen;
    seen.phase = wire::RunPhase::never_started;
    seen.error = why;
    ended(run, seen);
}

void Launcher::State::start_failed(Run& run, const std::string& sentence, bool recoverable) {
    wire::IncarnationObserved seen = run.seen;
    seen.phase = wire::RunPhase::start_failed;
    seen.error = sentence;
    seen.recoverable = recoverable;
    seen.finished_at = loop.now();
    // Where even this cannot be written the incarnation is forgotten by a restart, and started by the standing command.
    if (os::exists(run.dir)) {
        ShimStatus status = new_record(seen.id, SHIM_START_FAILED, sentence);
        status.recoverable = recoverable;
        status.finished_at = seen.finished_at.ns;
        (void)write_record(run.dir, status);
    }
    ended(run, seen);
}

void Launcher::State::leave_start(const Run& run) {
    starting.erase(run.key);
    start_later();
}

}  // namespace drover::launcher
