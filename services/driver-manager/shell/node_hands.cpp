#include "driver-manager/shell/node_hands.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "driver-manager/allocdir/alloc_dir.hpp"
#include "driver-manager/launcher/log_reader.hpp"
#include "driver-manager/shell/signal_names.hpp"
#include "host/log.hpp"
#include "os/files.hpp"

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

bool is_executable_file(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

drivers::TaskDirs for_drivers(const allocdir::TaskDirs& dirs) {
    return {.shared = dirs.shared, .logs = dirs.logs, .root = dirs.root, .local = dirs.local, .secrets = dirs.secrets};
}

}  // namespace

NodeHands::NodeHands(rt::Loop& loop, NodePaths paths, std::string node, std::size_t in_flight)
    : paths_(std::move(paths)),
      node_(std::move(node)),
      host_env_(environment()),
      loop_(loop),
      launcher_(loop, paths_.tasks, paths_.shim, in_flight, *this) {}

NodeHands::~NodeHands() { loop_.cancel(trash_timer_); }

Result<std::vector<Found>> NodeHands::adopt() {
    if (const auto made = os::make_dir(paths_.tasks, 0700); !made) return tl::unexpected(made.error());
    const auto runs = launcher_.adopt();
    if (!runs) return tl::unexpected(runs.error());
    std::map<TaskKey, Found> found;
    for (const auto& [key, state] : *runs) found[{key.alloc, key.task}].incarnations.push_back(state);
    // Directories alone are reported too: nobody would ever ask to remove what is not.
    for (const std::string& root : {paths_.tasks, paths_.allocs}) {
        const auto tasks = allocdir::list(root);
        if (!tasks) return tl::unexpected(tasks.error());
        for (const auto& [alloc, task] : *tasks) found[{alloc, task}];
    }
    trash_timer_ = loop_.at(loop_.now() + kTrashDelay, [this] { (void)allocdir::empty_trash(paths_.allocs); });
    std::vector<Found> result;
    for (auto& [key, task] : found) {
        task.key = key;
        task.floor = launcher_.floor(key.alloc, key.task);
        result.push_back(std::move(task));
    }
    return result;
}

Result<void> NodeHands::set_floor(const TaskKey& key, std::uint64_t seq) {
    return launcher_.set_floor(key.alloc, key.task, seq);
}

Result<void> NodeHands::launch(const wire::TaskCommand& command) {
    const auto dirs = allocdir::build(paths_.allocs, command.alloc, command.task);
    if (!dirs) {
        // A full disk or the like: the next try may find it better.
        const bool lasting = dirs.error().kind == ErrorKind::invalid;
        return fail(lasting ? ErrorKind::invalid : ErrorKind::unavailable, dirs.error().message);
    }
    drivers::TaskContext context;
    context.alloc = command.alloc;
    context.job = command.job;
    context.group = command.group;
    context.index = command.index;
    context.node = node_;
    context.dirs = for_drivers(*dirs);
    context.host_env = host_env_;
    context.is_executable = is_executable_file;
    context.mock_task = paths_.mock_task;
    const auto plan = drivers::plan(command.spec, context);
    if (!plan) return tl::unexpected(plan.error());
    launcher_.launch({command.alloc, command.task, command.seq}, command.incarnation, *plan);
    return {};
}

void NodeHands::stop(const TaskKey& key, std::uint64_t seq, const std::string& signal, Duration timeout) {
    const auto number = signal_number(signal);
    if (!number)
        log::warn("stopping a task with SIGINT", {{"alloc", key.alloc}, {"task", key.task}, {"why", number.error()}});
    launcher_.stop(run_key(key, seq), number.value_or(*signal_number("")), timeout);
}

Result<void> NodeHands::signal(const TaskKey& key, std::uint64_t seq, std::uint64_t order, const std::string& name) {
    const auto number = signal_number(name);
    if (!number) return tl::unexpected(number.error());
    launcher_.signal(run_key(key, seq), order, *number);
    return {};
}

void NodeHands::release(const TaskKey& key, std::uint64_t seq) { launcher_.release(run_key(key, seq)); }

void NodeHands::destroy(const TaskKey& key) {
    launcher_.forget(key.alloc, key.task);
    if (const auto gone = allocdir::destroy(paths_.allocs, key.alloc, key.task); !gone)
        log::warn("something of a destroyed task is left", {{"why", gone.error()}});
    log::info("task destroyed", {{"alloc", key.alloc}, {"task", key.task}});
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
    auto slice = launcher::read_log(dirs.logs, read.task, read.stream, read.offset, read.limit);
    if (!slice) return tl::unexpected(slice.error());
    wire::LogChunk chunk;
    chunk.offset = slice->offset;
    chunk.end = slice->end;
    chunk.data = std::move(slice->data);
    return chunk;
}

void NodeHands::on_run(const launcher::RunKey& key, const wire::IncarnationObserved& state) {
    if (heard_) heard_({key.alloc, key.task}, state);
}

std::map<std::string, wire::DriverInfo> look_at_drivers(const NodePaths& paths) {
    const drivers::HostFacts facts{.root = ::geteuid() == 0, .mock_task = paths.mock_task};
    std::map<std::string, wire::DriverInfo> result;
    for (const drivers::Driver& driver : drivers::all_drivers()) result.emplace(driver.name, driver.fingerprint(facts));
    return result;
}

}  // namespace drover::driver_manager
