#include "driver-manager/shell/node_hands.hpp"

#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "driver-manager/allocdir/alloc_dir.hpp"
#include "driver-manager/core/session_notes.hpp"
#include "driver-manager/launcher/log_gauge.hpp"
#include "driver-manager/launcher/log_reader.hpp"
#include "driver-manager/setup/image.hpp"
#include "driver-manager/setup/payload.hpp"
#include "host/log.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/signal_names.hpp"
#include "os/spawn.hpp"

namespace drover::driver_manager {
namespace {

constexpr Duration kTrashDelay = seconds(10);  // after the start, when the tasks are back in hand

launcher::RunKey run_key(const TaskKey& key, std::uint64_t seq) { return {key.alloc, key.task, seq}; }

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> result;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const std::size_t split = text.find('=');
        if (split != std::string::npos) result.emplace(text.substr(0, split), text.substr(split + 1));
    }
    return result;
}

std::string real_path(const std::string& path) {
    char* const real = ::realpath(path.c_str(), nullptr);
    std::string out = real != nullptr ? real : "";
    std::free(real);
    return out;
}

bool stays_below(const std::string& dir, const std::string& path) {
    const std::string root = real_path(dir);
    return !root.empty() && real_path(path).starts_with(root + "/");
}

// Whoever ends a container ends what is in its control groups.
std::vector<std::string> groups_of_shims(const NodePaths& paths) {
    if (!paths.container) return {};
    std::vector<std::string> groups = os::groups_of_nobody(os::read_mounts());
    os::SpawnOptions options;
    options.path = paths.shim;
    options.argv = {"drover-shim"};  // says how it is used, and ends
    options.groups = groups;
    const auto tried = os::spawn(options, os::Stdio::null);
    if (tried) os::reap(tried->pidfd.get());
    if (tried && !groups.empty()) return groups;
    log::warn(
        "tasks END WITH THIS CONTAINER: they cannot leave its control groups; give it the machine's control groups "
        "(cgroup: host) and CAP_SYS_ADMIN",
        {{"why", tried ? "there are none" : tried.error().message}});
    return {};
}

drivers::TaskDirs for_drivers(const allocdir::TaskDirs& dirs) {
    return {.shared = dirs.shared, .logs = dirs.logs, .root = dirs.root, .local = dirs.local, .secrets = dirs.secrets};
}

}  // namespace

NodeHands::NodeHands(rt::Loop& loop, NodePaths paths, std::string node, const Limits& limits, Plugins devices)
    : paths_(std::move(paths)),
      node_(std::move(node)),
      host_env_(environment()),
      loop_(loop),
      dirs_period_(limits.dirs_period),
      sweeper_({paths_.allocs, paths_.tasks},
               [](const Error& why) {
                   log::warn("something of a removed task is left", {{"why", why}});
               }),
      launcher_(loop, paths_.tasks, paths_.shim, limits.starts_in_flight, *this, groups_of_shims(paths_)),
      fence_(paths_.tasks + "/.fence"),
      children_(loop),
      probes_(loop,
              [this](const launcher::RunKey& key) {
                  runs_.at(key).facts.told.ready = true;
                  say(key);
              }),
      fetch_limits_(limits.fetch),
      policy_(limits.drivers),
      docker_(limits.docker),
      external_(limits.external),
      cgroups_(os::Cgroups::detect()),
      runtime_(paths_.runtime),
      host_dirs_(limits.host_dirs),
      capabilities_(limits.capabilities),
      devices_(std::move(devices)),
      admission_(loop, paths_.tasks + "/.reserved", limits.ports),
      variables_(limits.secrets_key),
      keeper_(loop, paths_.tasks, variables_, template_hooks()),
      setups_(loop, limits.setups, step_makers(), *this) {
    look_what_may_be_mounted();
    look_what_ends_trees();
}

NodeHands::~NodeHands() {
    loop_.cancel(trash_timer_);
    loop_.cancel(next_flush_);
    loop_.cancel(dirs_timer_);
    for (const auto& [key, timer] : break_timers_) loop_.cancel(timer);
}

void NodeHands::describe_node(const wire::NodeObserved& node) {
    described_ = node;
    keeper_.node_changed(node.name, node.attributes);
    admission_.set_room({node.cpu, node.memory, node.devices});
}

void NodeHands::describe_devices(wire::NodeObserved& node) {
    devices_.look(loop_.now());
    node.devices = devices_.groups();
}

Result<std::vector<Found>> NodeHands::adopt() {
    if (const auto made = os::make_dir(paths_.tasks, 0700); !made) return tl::unexpected(made.error());
    for (const std::string& root : {paths_.tasks, paths_.allocs})
        if (const auto whole = set_strays_aside(root); !whole) return tl::unexpected(whole.error());
    const auto runs = launcher_.adopt();
    if (!runs) return tl::unexpected(runs.error());
    std::map<TaskKey, Found> found;
    for (const auto& [key, state] : *runs) {
        Run& run = runs_[key];
        run.seen = state;
        run.facts = run.saved = setup::load_facts(launcher_.dir(key));
        end_sessions(run.facts.told.sessions, loop_.now(), "the driver-manager was restarted");
        // An end that came while nobody looked.
        if (state.phase == wire::RunPhase::exited) collect_last_output(key, run);
        save(key, run);
        wire::IncarnationObserved whole = state;
        setup::add_facts(run.facts, whole);
        run.said = whole;
        found[{key.alloc, key.task}].incarnations.push_back(std::move(whole));
    }
    // Floors and directories alone are reported too: nobody would ever ask to remove what is not.
    for (const auto& [task, floor] : launcher_.floors()) found[{task.first, task.second}].floor = floor;
    for (const std::string& root : {paths_.tasks, paths_.allocs}) {
        const auto tasks = allocdir::list(root);
        if (!tasks) return tl::unexpected(tasks.error());
        for (const auto& [alloc, task] : *tasks) found[{alloc, task}];
    }
    std::set<std::string> allocs;
    for (const auto& [key, task] : found) allocs.insert(key.alloc);
    if (const auto adopted = admission_.adopt(allocs); !adopted) return tl::unexpected(adopted.error());
    look_for_dirs();
    trash_timer_ = loop_.at(loop_.now() + kTrashDelay, [this] { sweeper_.sweep(); });
    std::vector<Found> result;
    for (auto& [key, task] : found) {
        task.key = key;
        result.push_back(std::move(task));
    }
    return result;
}

Result<void> NodeHands::set_floors(const std::map<TaskKey, std::uint64_t>& floors) {
    launcher::Floors::Numbers numbers;
    for (const auto& [key, seq] : floors) numbers[{key.alloc, key.task}] = seq;
    return launcher_.set_floors(numbers);
}

setup::Setups::Makers NodeHands::step_makers() {
    using wire::SetupKind;
    setup::Setups::Makers makers;
    makers[SetupKind::directory] =
        setup::in_order(admission_.step(), setup::at_once([this](setup::Site& place) -> Result<void> {
                            if (auto granted = grant(place.command, place.context); !granted) return granted;
                            tell_grant(place);
                            return build_dirs(place.command);
                        }));
    makers[SetupKind::payload] = setup::at_once(setup::write_payload);
    makers[SetupKind::artifacts] = setup::in_order(setup::fetch_artifacts(children_, paths_.fetch, fetch_limits_),
                                                   setup::get_image(children_, loop_));
    makers[SetupKind::templates] = setup::in_order(
        [this](setup::Site& place, setup::StepVoice voice) { return keeper_.step(place, std::move(voice)); },
        setup::at_once([](setup::Site& place) -> Result<void> {
            place.rendered = true;
            return {};
        }));
    return makers;
}

setup::Site NodeHands::site_of(const wire::TaskCommand& command) {
    setup::Site place;
    place.command = command;
    if (const auto driver = drivers::find_driver(command.spec.driver); driver && command.spec.user.empty())
        place.command.spec.user = (*driver)->default_user;
    place.dirs = allocdir::paths(paths_.allocs, command.alloc, command.task);
    drivers::TaskContext& context = place.context;
    context.alloc = command.alloc;
    context.job = command.job;
    context.group = command.group;
    context.index = command.index;
    context.node = node_;
    context.node_name = described_.name;
    context.attributes = described_.attributes;
    context.meta = command.meta;
    context.dirs = for_drivers(place.dirs);
    context.host_env = host_env_;
    context.is_executable = fingerprint::is_executable_file;
    context.stays_below = stays_below;
    context.docker = docker_;
    context.external = external_;
    context.host_files = drivers::may_read_host(policy_, command.spec.driver, ::geteuid() == 0);
    if (fingerprint::is_executable_file(paths_.mock_task)) context.mock_task = paths_.mock_task;
    context.isolator = isolator();
    // A device that is gone is the setup's to tell.
    (void)grant(command, context);
    return place;
}

Result<void> NodeHands::launch(const wire::TaskCommand& command) {
    if (const auto valid = drivers::validate(command.spec); !valid) return valid;
    if (const auto permitted = permit(command.spec); !permitted) return permitted;
    const launcher::RunKey key{command.alloc, command.task, command.seq};
    Run& run = runs_[key];
    run.seen.seq = command.seq;
    run.seen.id = command.incarnation;
    run.probed = command.spec.ready.has_value();
    run.placed = command.placed;
    setups_.begin(key, site_of(command));
    return {};
}

void NodeHands::on_queued(const launcher::RunKey& key) {
    runs_.at(key).seen.waits = "its turn: many tasks are being set up on this node";
    say(key);
}

void NodeHands::on_told(const launcher::RunKey& key, const std::string& message) {
    driver_said({key.alloc, key.task}, key.seq, loop_.now(), message);
}

void NodeHands::on_setup(const launcher::RunKey& key, const SetupCourse& setup) {
    Run& run = runs_.at(key);
    run.facts.told.steps = setup.steps();
    run.seen.waits = setup.waits();
    say(key);
}

void NodeHands::on_set_up(const launcher::RunKey& key, const setup::Site& place, const SetupCourse& setup) {
    on_setup(key, setup);
    if (const auto& error = setup.error()) {
        launcher_.refuse(key, place.command.incarnation, error->message, may_help_to_try_again(*error));
    } else {
        start(key, place);
    }
}

void NodeHands::start(const launcher::RunKey& key, const setup::Site& place) {
    const auto plan = drivers::plan(place.command.spec, place.context);
    if (!plan) {
        const bool recoverable = drivers::is_recoverable(plan.error());
        return launcher_.refuse(key, place.command.incarnation, plan.error().message, recoverable);
    }
    setup::Facts& facts = runs_.at(key).facts;
    const auto end_of = [&](const char* stream) {
        const auto slice = launcher::read_log(plan->log_dir, key.task, stream, {.offset = -1});
        return slice ? slice->end : 0;
    };
    facts.stdout_start = end_of("stdout");
    facts.stderr_start = end_of("stderr");
    launcher_.launch(key, place.command.incarnation, *plan);
    if (plan->driver_ends_after.ns == 0 || !breaks_) return;
    const Instant when = loop_.now() + plan->driver_ends_after;
    break_timers_[key] = loop_.at(when, [this, key, driver = place.command.spec.driver] {
        break_timers_.erase(key);
        breaks_(driver, "broke as task " + key.task + " of alloc " + key.alloc + " has it");
    });
}

void NodeHands::stop(const TaskKey& key, std::uint64_t seq, const std::string& signal, Duration timeout) {
    if (setups_.cancel(run_key(key, seq))) {
        Run& run = runs_.at(run_key(key, seq));
        run.seen.phase = wire::RunPhase::never_started;
        run.seen.waits.clear();
        return say(run_key(key, seq));
    }
    const auto number = os::signal_number(signal);
    if (!number)
        log::warn("stopping a task with SIGINT", {{"alloc", key.alloc}, {"task", key.task}, {"why", number.error()}});
    launcher_.stop(run_key(key, seq), number.value_or(*os::signal_number("")), timeout);
}

Result<void> NodeHands::signal(const TaskKey& key, std::uint64_t seq, std::uint64_t order, const std::string& name) {
    const auto number = os::signal_number(name);
    if (!number) return tl::unexpected(number.error());
    launcher_.signal(run_key(key, seq), order, *number);
    return {};
}

void NodeHands::release(const TaskKey& key, std::uint64_t seq) {
    launcher_.release(run_key(key, seq));
    sweeper_.sweep();
    runs_.erase(run_key(key, seq));
}

std::string NodeHands::recall(const TaskKey& key, std::uint64_t seq) {
    return setup::load_placed(launcher_.dir(run_key(key, seq)));
}

void NodeHands::destroy(const TaskKey& key) {
    keeper_.forget(key);
    launcher_.forget(key.alloc, key.task);
    if (const auto gone = allocdir::destroy(paths_.allocs, key.alloc, key.task); !gone)
        log::warn("something of a destroyed task is left", {{"why", gone.error()}});
    // With the alloc's last task goes what was reserved for those that never came.
    if (!os::exists(paths_.allocs + "/" + key.alloc)) admission_.forget(key.alloc);
    sweeper_.sweep();
    log::info("task destroyed", {{"alloc", key.alloc}, {"task", key.task}});
}

Hands::LogEnds NodeHands::log_ends(const TaskKey& key) {
    const std::string logs = allocdir::paths(paths_.allocs, key.alloc, key.task).logs;
    return [gauge = std::make_shared<launcher::LogGauge>(logs, key.task)] {
        std::array<std::int64_t, 2> ends{-1, -1};
        const auto counts = gauge->look();
        for (std::size_t i = 0; i < ends.size(); ++i)
            if (counts[i].known) ends[i] = static_cast<std::int64_t>(counts[i].bytes);
        return ends;
    };
}

Result<wire::LogChunk> NodeHands::read_log(const wire::LogRead& read) {
    if (!os::is_plain_name(read.alloc) || !os::is_plain_name(read.task))
        return fail(ErrorKind::invalid, "a log is read of an alloc and a task, each a plain name");
    if (read.stream != "stdout" && read.stream != "stderr")
        return fail(ErrorKind::invalid, "a task has the logs stdout and stderr, not \"" + read.stream + "\"");
    const allocdir::TaskDirs dirs = allocdir::paths(paths_.allocs, read.alloc, read.task);
    if (!os::exists(dirs.root))
        return fail(ErrorKind::not_found,
                    "task " + read.task + " of alloc " + read.alloc +
                        " has no files on this node: it has not been started yet, or was removed");
    auto slice =
        launcher::read_log(dirs.logs, read.task, read.stream,
                           {.offset = read.offset, .limit = read.limit, .since = read.since, .marks = read.marks});
    if (!slice) return tl::unexpected(slice.error());
    wire::LogChunk chunk;
    chunk.now = slice->now;
    chunk.offset = slice->offset;
    chunk.end = slice->end;
    chunk.data = std::move(slice->data);
    chunk.marks = std::move(slice->marks);
    return chunk;
}

}  // namespace drover::driver_manager
