#include "cli/supervisor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "os/pidfd.hpp"

namespace drover::cli {
namespace {

// A log larger than this is set aside when its process starts; one older is kept.
constexpr off_t kMaxLog = 16 << 20;

Result<UniqueFd> open_log(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && info.st_size > kMaxLog) {
        const std::string aside = path + ".1";
        if (std::rename(path.c_str(), aside.c_str()) != 0)
            return fail_errno("cannot set the log " + path + " aside", errno);
    }
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!fd.valid()) return fail_errno("cannot open the log " + path, errno);
    return fd;
}

Result<os::Process> spawn(const ChildSpec& spec) {
    auto log = open_log(spec.log);
    if (!log) return tl::unexpected(log.error());
    os::SpawnOptions options;
    options.path = spec.path;
    options.argv = spec.argv;
    options.env = spec.env;
    options.fds = {{log->get(), 1}, {log->get(), 2}};
    // Ctrl-C in a terminal goes to everything in its foreground; the order of the end is ours to keep.
    options.new_session = true;
    return os::spawn(options, os::Stdio::null);
}

std::string describe(const os::ExitStatus& status) {
    if (status.signal != 0) return "was killed by signal " + std::to_string(status.signal);
    return "ended with code " + std::to_string(status.code);
}

}  // namespace

Duration RestartDelay::after_exit(Instant started, Instant now) {
    if (now - started >= seconds(5)) attempt_ = 0;
    return backoff(milliseconds(20), attempt_++, seconds(2));
}

Supervisor::Supervisor(rt::Loop& loop, std::vector<ChildSpec> specs, Say say) : loop_(loop), say_(std::move(say)) {
    for (ChildSpec& spec : specs) {
        children_.push_back(std::make_unique<Child>());
        children_.back()->spec = std::move(spec);
    }
}

Supervisor::~Supervisor() {
    for (const auto& child : children_) {
        loop_.cancel(child->watch);
        loop_.cancel(child->timer);
    }
}

void Supervisor::start() {
    for (const auto& child : children_) launch(*child);
}

void Supervisor::launch(Child& child) {
    child.timer = 0;
    child.started = loop_.now();
    auto process = spawn(child.spec);
    if (!process) return again(child, "did not start: " + process.error().message);
    child.process = std::move(*process);
    child.watch = loop_.on_readable(child.process.pidfd.get(), [this, &child] { ended(child); });
    say_(child.spec.name, "started, pid " + std::to_string(child.process.pid));
}

void Supervisor::ended(Child& child) {
    const auto status = os::reap(child.process.pidfd.get());
    if (!status) return;
    loop_.cancel(child.watch);
    child.process = {};
    if (!stopping_) return again(child, describe(*status));
    say_(child.spec.name, status->signal == 0 && status->code == 0 ? "stopped" : describe(*status));
    loop_.cancel(child.timer);
    stop_next();
}

void Supervisor::again(Child& child, const std::string& what) {
    const Duration delay = child.delay.after_exit(child.started, loop_.now());
    say_(child.spec.name, what + "; starting it again in " + to_string(delay) + " (log: " + child.spec.log + ")");
    child.timer = loop_.at(loop_.now() + delay, [this, &child] { launch(child); });
}

void Supervisor::stop(Duration limit, std::function<void()> done) {
    stopping_ = true;
    stop_limit_ = limit;
    stopped_ = std::move(done);
    for (const auto& child : children_) loop_.cancel(child->timer);
    stop_next();
}

void Supervisor::stop_next() {
    for (auto it = children_.rbegin(); it != children_.rend(); ++it) {
        Child& child = **it;
        if (child.process.pid == 0) continue;
        (void)os::send_signal(child.process.pidfd.get(), SIGTERM);
        child.timer = loop_.at(loop_.now() + stop_limit_, [this, &child] {
            say_(child.spec.name, "did not stop within " + to_string(stop_limit_) + " and is killed");
            (void)os::send_signal(child.process.pidfd.get(), SIGKILL);
        });
        return;
    }
    if (stopped_) std::exchange(stopped_, nullptr)();
}

void Supervisor::kill() {
    for (const auto& child : children_) {
        if (child->process.pid != 0) (void)os::send_signal(child->process.pidfd.get(), SIGKILL);
    }
}

pid_t Supervisor::pid(const std::string& name) const {
    for (const auto& child : children_) {
        if (child->spec.name == name) return child->process.pid;
    }
    return 0;
}

}  // namespace drover::cli
