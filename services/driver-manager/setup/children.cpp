#include "driver-manager/setup/children.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace drover::setup {

namespace {

constexpr Duration kDying = seconds(1);  // what SIGKILL may take before a zombie is left to init

// A file without a name that holds `text`, at its beginning.
Result<UniqueFd> file_of(const std::string& text) {
    UniqueFd fd(::memfd_create("drover-input", MFD_CLOEXEC));
    if (!fd.valid() || ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        return fail_errno("cannot keep the input of a program in memory", errno);
    }
    return fd;
}

std::string read_now(int fd, std::size_t limit) {
    std::string out(limit, '\0');
    const ssize_t n = ::read(fd, out.data(), out.size());
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
}

// Its leader, dead or alive, is not yet reaped, so the number still names this group.
void kill_group(pid_t leader, int signal = SIGKILL) { ::kill(-leader, signal); }

}  // namespace

Children::~Children() {
    for (auto& [id, child] : running_) {
        for (const rt::Token token : {child.on_end, child.on_output, child.at_limit}) loop_.cancel(token);
        kill_group(child.process.pid, child.winds_up ? SIGTERM : SIGKILL);
    }
    for (auto& [id, child] : running_)
        if (os::wait_exited(child.process.pidfd.get(), kDying)) (void)os::reap(child.process.pidfd.get());
}

Result<Children::Id> Children::start(Child child, Ended ended) {
    const Result<UniqueFd> input = file_of(child.input);
    if (!input) return tl::unexpected(input.error());
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return fail_errno("cannot make a pipe", errno);
    UniqueFd output(ends[0]);
    const UniqueFd theirs(ends[1]);
    ::fcntl(theirs.get(), F_SETFL, 0);
    child.options.new_session = true;
    child.options.dies_with_us = true;
    child.options.fds = {{input->get(), STDIN_FILENO}};
    if (child.heard) child.options.fds.emplace_back(theirs.get(), STDOUT_FILENO);
    Result<os::Process> process = os::spawn(child.options, os::Stdio::null);
    if (!process) return tl::unexpected(process.error());

    const Id id = ++last_;
    Running& running = running_[id];
    running.process = std::move(*process);
    running.output = std::move(output);
    running.ended = std::move(ended);
    running.on_line = std::move(child.on_line);
    running.winds_up = child.winds_up;
    if (running.on_line) running.on_output = loop_.on_readable(running.output.get(), [this, id] { hear(id); });
    running.on_end = loop_.on_readable(running.process.pidfd.get(), [this, id] { end(id); });
    running.at_limit = loop_.at(loop_.now() + child.limit, [this, id] {
        running_.at(id).overdue = true;
        kill_group(running_.at(id).process.pid);
    });
    return id;
}

void Children::kill(Id id) {
    const auto child = running_.find(id);
    if (child == running_.end()) return;
    child->second.ended = nullptr;
    child->second.on_line = nullptr;
    kill_group(child->second.process.pid, child->second.winds_up ? SIGTERM : SIGKILL);
}

// Lines may end the child, and this with it.
void Children::hear(Id id) {
    Running& child = running_.at(id);
    const std::string more = read_now(child.output.get(), kMaxSaid);
    if (more.empty()) return loop_.cancel(std::exchange(child.on_output, 0));
    std::string text = std::exchange(child.begun, {}) + more;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
        const auto found = running_.find(id);
        if (found == running_.end() || !found->second.on_line) return;
        found->second.on_line(text.substr(0, end));
    }
    if (const auto found = running_.find(id); found != running_.end()) found->second.begun = text.substr(0, kMaxSaid);
}

void Children::end(Id id) {
    while (running_.at(id).on_output != 0 && running_.at(id).on_line) hear(id);
    const auto node = running_.extract(id);
    const Running& child = node.mapped();
    for (const rt::Token token : {child.on_end, child.on_output, child.at_limit}) loop_.cancel(token);
    kill_group(child.process.pid);
    ChildEnd end;
    end.overdue = child.overdue;
    end.said = child.begun.empty() ? read_now(child.output.get(), kMaxSaid) : child.begun;
    end.status = os::reap(child.process.pidfd.get()).value_or(os::ExitStatus{-1, 0});
    if (child.ended) child.ended(end);
}

}  // namespace drover::setup
