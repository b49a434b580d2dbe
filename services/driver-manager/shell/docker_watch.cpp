#include "driver-manager/shell/docker_watch.hpp"

#include <utility>

#include "host/log.hpp"
#include "os/files.hpp"

namespace drover::driver_manager {

namespace {

// A version and that of the API come in one line, and so does the sentence why not.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool went_well(const setup::ChildEnd& end) { return end.status.code == 0 && end.status.signal == 0; }

}  // namespace

DockerWatch::DockerWatch(rt::Loop& loop, Where where, std::function<void()> changed)
    : loop_(loop), where_(std::move(where)), changed_(std::move(changed)), children_(loop) {}

DockerWatch::~DockerWatch() { loop_.cancel(timer_); }

void DockerWatch::start() {
    if (!where_.program.empty()) look();
}

void DockerWatch::tell(drivers::HostFacts& host) const {
    host.docker = !where_.program.empty();
    host.docker_version = version_;
    host.docker_error = error_;
}

setup::Child DockerWatch::child(std::vector<std::string> words) const {
    setup::Child out;
    out.options.path = where_.program;
    out.options.argv = std::move(words);
    out.options.argv.insert(out.options.argv.begin(), where_.program);
    out.limit = kLimit;
    out.heard = true;
    return out;
}

void DockerWatch::look() {
    timer_ = 0;
    // Most nodes have no daemon, and that costs no process.
    if (!os::exists(where_.socket)) return found("", "there is no docker daemon: nothing is at " + where_.socket);
    const auto started =
        children_.start(child({"look", where_.socket}), [this](const setup::ChildEnd& end) { heard(end); });
    if (!started) found("", started.error().message);
}

void DockerWatch::heard(const setup::ChildEnd& end) {
    const std::string line = first_line(end.said);
    if (went_well(end)) return found(line.substr(0, line.find(' ')), "");
    if (end.overdue) return found("", "the docker daemon has not answered for " + to_string(kLimit));
    found("", line.empty() ? "drover-docker exited with code " + std::to_string(end.status.code) : line);
}

void DockerWatch::found(std::string version, std::string error) {
    const bool answers = !version.empty();
    const bool other = !std::exchange(known_, true) || version != version_ || error != error_;
    if (answers && (version_.empty() || loop_.now() - swept_at_ >= kSweepPeriod)) sweep();
    if (answers) failures_.over();
    const Duration pause = answers ? where_.period : failures_.pause();
    version_ = std::move(version);
    error_ = std::move(error);
    timer_ = loop_.at(loop_.now() + pause, [this] { look(); });
    if (other) changed_();
}

void DockerWatch::sweep() {
    if (std::exchange(sweeping_, true)) return;
    swept_at_ = loop_.now();
    const auto started = children_.start(child({"sweep", where_.socket, where_.node, where_.records}),
                                         [this](const setup::ChildEnd& end) { swept(end); });
    sweeping_ = started.has_value();
}

void DockerWatch::swept(const setup::ChildEnd& end) {
    sweeping_ = false;
    if (!went_well(end)) {
        log::warn("cannot look for containers without a record", {{"why", first_line(end.said)}});
    } else if (!end.said.empty()) {
        log::warn("removed containers of this node that no record knows", {{"ids", end.said}});
    }
}

}  // namespace drover::driver_manager
