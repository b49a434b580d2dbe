// What a keeper does at the daemon.
#include <unistd.h>
#include <csignal>
#include <cstdio>

#include <cinttypes>

#include "driver-manager/docker/keeper.hpp"
#include "os/signal_names.hpp"
#include "shim/text.hpp"

namespace drover::docker {

namespace {

constexpr std::int64_t kUnset = INT64_MAX;
constexpr Duration kQuick = seconds(10);
constexpr Duration kSlow = minutes(2);  // making and starting, on a machine that is busy

std::string working_directory() {
    char path[4096];
    return ::getcwd(path, sizeof path) != nullptr ? path : "";
}

}  // namespace

// Asks the daemon what there is and does the next thing about it.
void Keeper::look() {
    look_at_ = kUnset;
    if (post_.record().stop_requested != 0 && !may_exist_) return never_started("");
    auto found = find();
    if (!found) {
        signal_by_hand();
        post_.waits_for(found.error().message);
        return look_later();
    }
    if (stage_ == Stage::starting && post_.record().stop_requested != 0 &&
        (!*found || (*found)->state == ContainerState::created))
        return never_started(*found ? (*found)->id : "");
    if (!*found) return stage_ == Stage::starting ? create() : gone();
    const Container& container = **found;
    id_ = container.id;
    stop_signal_ = container.stop_signal;
    switch (container.state) {
        case ContainerState::created: return start(container);
        case ContainerState::running: return watch(container);
        case ContainerState::ended: return ended(container);
    }
}

// By its labels until its id is known.
Result<std::optional<Container>> Keeper::find() {
    std::string id = id_;
    if (id.empty()) {
        const auto answer = engine_.ask("GET", list_path({{kIncarnationLabel, spec_.id}}), "", kQuick);
        if (!answer) return tl::unexpected(answer.error());
        if (!answer->good()) return fail(ErrorKind::unavailable, reason(*answer));
        const auto list = read_list(*answer);
        if (!list) return tl::unexpected(list.error());
        if (list->empty()) return std::nullopt;
        id = list->front().id;
    }
    const auto answer = engine_.ask("GET", "/containers/" + id + "/json", "", kQuick);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status == 404) return std::nullopt;
    if (!answer->good()) return fail(ErrorKind::unavailable, reason(*answer));
    auto container = read_container(*answer);
    if (!container) return tl::unexpected(container.error());
    return std::optional<Container>(std::move(*container));
}

// The name keeps the daemon from ever making two.
void Keeper::create() {
    if (const auto log = open_log(); !log) return post_.fail_start(log.error().message, true);
    const auto body = add_labels(spec_.container, {{kIncarnationLabel, spec_.id}, {kRecordLabel, working_directory()}});
    if (!body) return post_.fail_start(body.error().message, false);
    may_exist_ = true;
    const auto answer = engine_.ask("POST", "/containers/create?name=drover-" + escape(spec_.id), *body, kSlow);
    if (!answer) {
        post_.waits_for(answer.error().message);
        return look_later();
    }
    if (answer->good()) return look();
    const bool exists = answer->status == 409;
    if (exists && looks_ < 5) return look_later();
    post_.fail_start("cannot make the container: " + reason(*answer),
                     exists || answer->status == 404 || answer->status >= 500);
}

void Keeper::start(const Container& container) {
    if (stage_ == Stage::running) return gone();
    const auto answer = engine_.ask("POST", "/containers/" + container.id + "/start", "", kSlow);
    if (!answer) {
        post_.waits_for(answer.error().message);
        return look_later();
    }
    // 304: it runs already.
    if (answer->good() || answer->status == 304) return look();
    remove(container.id);
    post_.fail_start("cannot start the container: " + reason(*answer), answer->status >= 500);
}

void Keeper::watch(const Container& container) {
    ShimStatus& record = post_.record();
    const std::uint64_t began = shim::start_time(container.pid);
    if (stage_ == Stage::starting || record.task_pid != container.pid || record.task_start != began) {
        looks_ = 0;
        stage_ = Stage::running;
        record.phase = SHIM_RUNNING;
        record.started_at = container.started_at;
        record.task_pid = container.pid;
        record.task_start = began;
        record.error[0] = '\0';
        post_.publish();
    }
    post_.waits_for("");
    if (signal_due_) {
        const auto sent = kill(stop_signal_);
        signal_due_ = !sent;
        if (!sent) look_later();
    }
    if (output_) return;
    if (const auto open = open_output(true); !open) {
        post_.waits_for(open.error().message);
        look_later();
    }
}

void Keeper::never_started(const std::string& id) {
    if (!id.empty()) remove(id);
    finish(SHIM_NEVER_STARTED);
}

void Keeper::ended(const Container& container) {
    // Asked for once more and to its end, since the daemon may hang up early on who follows.
    if (const auto whole = drain(); !whole) {
        post_.waits_for(whole.error().message);
        return look_later();
    }
    ShimStatus& record = post_.record();
    record.started_at = container.started_at;
    record.finished_at = container.finished_at;
    record.exit_code = container.exit_code;
    record.oom = container.oom;
    std::snprintf(record.error, sizeof record.error, "%s", container.error.c_str());
    finish(SHIM_EXITED);
    remove(container.id);
}

void Keeper::gone() {
    post_.record().exit_code = -1;
    std::snprintf(post_.record().error, sizeof post_.record().error,
                  "somebody else removed the container, so how it ended is unknown");
    finish(SHIM_EXITED);
}

// False: it does not run any more.
Result<bool> Keeper::kill(const std::string& signal) {
    const auto answer = engine_.ask("POST", "/containers/" + id_ + "/kill?signal=" + escape(signal), "", kQuick);
    if (!answer) return tl::unexpected(answer.error());
    return answer->good();
}

// A daemon that does not answer must not turn a stop into a kill.
void Keeper::signal_by_hand() {
    const ShimStatus& record = post_.record();
    if (!signal_due_ || stage_ != Stage::running || record.task_pid <= 0) return;
    const int number = os::signal_number(stop_signal_).value_or(SIGTERM);
    signal_due_ = !supervisor::signal_exactly(record.task_pid, record.task_start, number);
}

// The end of a stop's patience. A daemon that is away keeps nothing running: its first process ends with a container.
void Keeper::kill_now() {
    kill_at_ = kUnset;
    signal_due_ = false;
    look_at_ = shim::monotonic_ns();
    if (stage_ != Stage::running) return;
    const ShimStatus& record = post_.record();
    if (kill("KILL")) return;
    (void)supervisor::signal_exactly(record.task_pid, record.task_start, SIGKILL);
}

// One that stays, because the daemon is away now, is found and removed later as one without a record.
void Keeper::remove(const std::string& id) {
    (void)engine_.ask("DELETE", "/containers/" + id + "?force=1&v=1", "", kQuick);
}

}  // namespace drover::docker
