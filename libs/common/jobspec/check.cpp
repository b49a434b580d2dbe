#include "jobspec/check.hpp"

#include <algorithm>
#include <set>

#include "base/nearest.hpp"
#include "base/units.hpp"
#include "jobspec/check_templates.hpp"
#include "jobspec/config_fields.hpp"
#include "jobspec/order.hpp"

namespace drover::jobspec {

namespace {

constexpr std::size_t kMaxName = 63;
constexpr std::uint64_t kLeastMemory = 1 << 20;
constexpr std::size_t kMaxPorts = 64;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Names become parts of paths, of topics and of control groups.
void check_name(Context& context, const std::string& path, const std::string& name) {
    const auto good = [](char c) { return is_word(c) || c == '.' || c == '-'; };
    if (name.empty() || name.size() > kMaxName || !std::all_of(name.begin(), name.end(), good) || !is_word(name[0])) {
        return context.complain(path, "\"" + name.substr(0, 2 * kMaxName) +
                                          "\" is no name; write 1 to 63 letters, digits and _ . - that begin with a "
                                          "letter, a digit or _");
    }
    if (name == "alloc")
        context.complain(path, "\"alloc\" is the name of the directory that tasks share; take another");
}

void check_unique(Context& context, const std::string& path, const std::string& name, std::set<std::string>& seen) {
    if (!seen.insert(name).second) context.complain(path, "there is another \"" + name + "\"; names must differ");
}

void check_restart(Context& context, const std::string& path, const wire::RestartPolicy& restart) {
    if (restart.attempts == 0 && restart.mode != wire::RestartMode::fail) {
        context.complain(below(path, "mode"), "attempts 0 allows no restarts; write mode: fail, or allow attempts");
    }
    if (restart.delay * restart.attempts > restart.interval) {
        context.complain(below(path, "interval"), std::to_string(restart.attempts) + " attempts with a delay of " +
                                                      to_string(restart.delay) + " do not fit into an interval of " +
                                                      to_string(restart.interval) + "; make it at least " +
                                                      to_string(restart.delay * restart.attempts));
    }
}

void check_signal(Context& context, const std::string& path, const std::string& name) {
    const auto& names = signal_names();
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    std::string meant = nearest(name, names);
    if (!name.starts_with("SIG")) meant = nearest("SIG" + name, names);
    context.complain(path, "\"" + name + "\" is no signal; write for example SIGTERM", std::move(meant));
}

void check_user(Context& context, const std::string& path, const std::string& user) {
    const auto good = [](char c) { return is_word(c) || c == '.' || c == '-' || c == '$' || c == '@'; };
    if (user.empty() || user.size() > 32 || !std::all_of(user.begin(), user.end(), good)) {
        context.complain(path, "\"" + user.substr(0, 64) + "\" is no user's name or number");
    }
}

bool is_driver_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxName &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '-'; });
}

void check_driver(Context& context, const std::string& path, const wire::TaskSpec& task) {
    std::vector<std::string_view> names;
    for (const Driver& driver : context.drivers) {
        names.push_back(driver.name);
        if (driver.name != task.driver) continue;
        if (!driver.validate) return;
        for (ConfigProblem& problem : driver.validate(task)) {
            const std::string block = below(path, "config");
            context.complain(problem.field.empty() ? block : below(block, problem.field), std::move(problem.message),
                             std::move(problem.nearest));
        }
        return;
    }
    if (names.empty()) return;
    std::string meant = nearest(task.driver, names);
    // A node may have drivers of its own, and checks their tasks itself. What is near one of ours is a mistake.
    if (meant.empty() && is_driver_name(task.driver)) return;
    std::string list;
    for (const std::string_view name : names) list += (list.empty() ? "" : ", ") + std::string(name);
    context.complain(below(path, "driver"), "there is no driver \"" + task.driver + "\"; there are " + list,
                     std::move(meant));
}

constexpr std::size_t kMaxPayload = 16 << 10;

// A path below a directory; what a reference stands for is known only on the node.
bool stays_below(std::string_view path) {
    if (path.starts_with("${")) return true;
    if (path.starts_with('/')) return false;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        if (path.substr(0, slash) == "..") return false;
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return true;
}

bool is_source(std::string_view source) {
    if (source.starts_with("${")) return true;
    if (source.starts_with("git::")) source.remove_prefix(5);
    return source.starts_with("http://") || source.starts_with("https://") || source.starts_with("file:///") ||
           source.starts_with("${");
}

bool is_checksum(std::string_view text) {
    if (text.find("${") != std::string_view::npos) return true;
    const bool long_one = text.starts_with("sha512:");
    if (!long_one && !text.starts_with("sha256:")) return false;
    text.remove_prefix(7);
    return text.size() == (long_one ? 128U : 64U) &&
           text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

void check_artifact(Context& context, const std::string& path, const wire::Artifact& artifact) {
    // Not shown: there may be a password in it.
    if (!is_source(artifact.source))
        context.complain(below(path, "source"),
                         "is no source; write http://, https://, file:/// or git:: before one of these");
    if (!stays_below(artifact.destination))
        context.complain(below(path, "destination"),
                         "\"" + artifact.destination + "\" leaves the task's directory; write a path below it");
    if (!artifact.checksum.empty() && !is_checksum(artifact.checksum))
        context.complain(below(path, "checksum"),
                         "is no checksum; write sha256: with 64 hex digits or sha512: with 128 behind it");
    for (const auto& [name, value] : artifact.headers)
        if ((name + value).find_first_of("\r\n") != std::string::npos || name.find(':') != std::string::npos)
            context.complain(below(below(path, "headers"), name), "is no header: it holds a line break or a colon");
}

bool is_device(const std::string& text) {
    const auto parts = 1 + std::count(text.begin(), text.end(), '/');
    const bool empty_part =
        text.empty() || text.front() == '/' || text.back() == '/' || text.find("//") != std::string::npos;
    return !empty_part && parts <= 3;
}

void check_devices(Context& context, const std::string& path, const wire::Resources& resources) {
    for (const auto& [ask, count] : resources.devices)
        if (!is_device(ask))
            context.complain(below(path, ask),
                             "is no device; write a type, vendor/type or vendor/type/name, for example nvidia/gpu");
}

void check_setup(Context& context, const std::string& path, const wire::TaskSpec& task) {
    for (std::size_t i = 0; i < task.artifacts.size(); ++i)
        check_artifact(context, below(below(path, "artifacts"), i), task.artifacts[i]);
    if (context.has(below(path, "dispatch_payload")) && (task.payload_file.empty() || !stays_below(task.payload_file)))
        context.complain(below(path, "dispatch_payload.file"),
                         "\"" + task.payload_file + "\" is no path below the task's local directory");
    const std::string ready = below(path, "ready");
    if (task.ready && context.has(below(ready, "file")) == context.has(below(ready, "port")))
        context.complain(ready, "needs either file or port");
    if (context.has(below(ready, "file")) && task.ready->file.empty())
        context.complain(below(ready, "file"), "may not be empty");
    if (task.pre_kill && task.pre_kill->command.empty())
        context.complain(below(path, "pre_kill.command"), "may not be empty");
}

void check_sinks(Context& context, const std::string& path, const std::vector<wire::LogSink>& sinks) {
    for (std::size_t i = 0; i < sinks.size(); ++i) {
        if (std::count(sinks.begin(), sinks.begin() + static_cast<std::ptrdiff_t>(i), sinks[i]) > 0)
            context.complain(below(path, i), std::string(to_string(sinks[i])) + " is in the list already");
        if (sinks[i] == wire::LogSink::none && sinks.size() > 1)
            context.complain(below(path, i), "none means no sink at all; leave it or the others out");
    }
}

void check_task(Context& context, const std::string& path, const wire::TaskSpec& task) {
    check_name(context, below(path, "name"), task.name);
    check_driver(context, path, task);
    check_config(context, below(path, "config"), task);
    check_setup(context, path, task);
    check_templates(context, path, task);
    if (!task.kill_signal.empty() || context.has(below(path, "kill_signal"))) {
        check_signal(context, below(path, "kill_signal"), task.kill_signal);
    }
    check_devices(context, below(path, "resources.devices"), task.resources);
    if (task.restart) check_restart(context, below(path, "restart"), *task.restart);
    if (!task.user.empty() || context.has(below(path, "user"))) check_user(context, below(path, "user"), task.user);
    check_sinks(context, below(path, "logs.sinks"), task.logs.sinks);
    if (task.resources.memory > 0 && task.resources.memory < kLeastMemory) {
        context.complain(below(path, "resources.memory"), to_string(Size{task.resources.memory}) +
                                                              " is too little for any task; write for example 64MiB");
    }
}

// A label becomes part of the names of environment variables.
void check_ports(Context& context, const std::string& path, const wire::GroupSpec& group) {
    const std::string ports = below(path, "ports");
    if (group.ports.size() > kMaxPorts)
        context.complain(ports, "are more than the " + std::to_string(kMaxPorts) + " that an alloc may have");
    std::map<std::uint32_t, std::string> numbers;
    std::vector<std::string_view> labels;
    for (const auto& [label, port] : group.ports) {
        labels.push_back(label);
        if (label.empty() || label.size() > kMaxName || !std::all_of(label.begin(), label.end(), is_word))
            context.complain(below(ports, label), "is no label; write letters, digits and _");
        if (port.number == 0) continue;
        const auto [other, is_new] = numbers.emplace(port.number, label);
        if (!is_new) context.complain(below(ports, label), "is the same port as " + other->second);
    }
    for (std::size_t i = 0; i < group.tasks.size(); ++i) {
        const auto& ready = group.tasks[i].ready;
        if (!ready || ready->label.empty() || group.ports.contains(ready->label)) continue;
        context.complain(below(below(path, "tasks"), i) + ".ready.port",
                         "the group has no port \"" + ready->label + "\"", nearest(ready->label, labels));
    }
}

void check_group(Context& context, const std::string& path, const wire::GroupSpec& group, wire::JobType type) {
    check_name(context, below(path, "name"), group.name);
    check_restart(context, below(path, "restart"), group.restart);
    const std::string tasks = below(path, "tasks");
    if (group.tasks.empty()) context.complain(tasks, "a group needs at least one task");
    std::set<std::string> names;
    bool led = false;
    for (std::size_t i = 0; i < group.tasks.size(); ++i) {
        const std::string at = below(tasks, i);
        check_task(context, at, group.tasks[i]);
        check_unique(context, below(at, "name"), group.tasks[i].name, names);
        if (group.tasks[i].leader && led) context.complain(below(at, "leader"), "the group has a leader already");
        led = led || group.tasks[i].leader;
    }
    check_ports(context, path, group);
    check_order(context, path, group, type);
}

}  // namespace

const std::vector<std::string_view>& signal_names() {
    static const std::vector<std::string_view> names = {
        "SIGHUP",  "SIGINT",  "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT", "SIGBUS",  "SIGFPE",
        "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE", "SIGALRM", "SIGTERM", "SIGCHLD",
        "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN",   "SIGTTOU", "SIGURG",  "SIGXCPU", "SIGXFSZ",
        "SIGPROF", "SIGIO",   "SIGPWR",  "SIGVTALRM", "SIGSYS",  "SIGWINCH"};
    return names;
}

void check_job(Context& context, const wire::JobSpec& job) {
    check_name(context, "job", job.name);
    if (job.payload.size() > kMaxPayload)
        context.complain("payload", "is larger than 16KiB; fetch larger things as artifacts");
    if (job.groups.empty()) context.complain("groups", "a job needs at least one group");
    std::set<std::string> names;
    for (std::size_t i = 0; i < job.groups.size(); ++i) {
        const std::string at = below("groups", i);
        check_group(context, at, job.groups[i], job.type);
        check_unique(context, below(at, "name"), job.groups[i].name, names);
    }
}

}  // namespace drover::jobspec
